#!/bin/sh
# clang-tidy, which includes clang's analyser (.clang-tidy says which checks), and GCC's analyser find nothing in the
# sources that is not known: analyze.sh [FILE...]
# tests/rules/analyze.known lists what they are wrong about, with the reason. GCC's check of values that are not set is left
# out: it takes those for such that functions of other files set.
set -u
cd "$(dirname "$0")/../.." || exit 1

# The flags that a file is compiled with.
flags_of() {
    echo "-std=c11 -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION=\"0\" -Iinclude -Isrc"
    case $1 in
    src/base/log.c | src/cli/progress.c | examples/*) ;;
    src/cli/*) echo "-include tests/rules/analyze.h -DCLG_ANALYZE_CLI" ;;
    *) echo "-include tests/rules/analyze.h" ;;
    esac
    pkg-config --cflags OpenCL clblast libjpeg libpng libwebp libcjson
}

# Both analysers' findings in one file, a line each: FILE:LINE: what [CHECK]
findings() {
    # shellcheck disable=SC2046 # flags are words
    set -- "$1" $(flags_of "$1")
    file=$1
    shift
    {
        clang-tidy --quiet "$file" -- "$@"
        gcc -fanalyzer -Wno-analyzer-use-of-uninitialized-value -O1 -c -o /dev/null "$@" "$file"
    } 2>&1 | sed -n "s|^$PWD/||; /: \(error\|warning\): /p"
}

# known CHECK FILE: the line of analyze.known.
known() {
    grep -nF "$2 $1 " tests/rules/analyze.known | cut -d: -f1 | head -n 1
}

# One file: "known N" for what is on line N of analyze.known, and what is not.
if [ "${1-}" = --one ]; then
    findings "$2" | while IFS= read -r line; do
        number=$(known "$(echo "$line" | sed 's/.*\[\(-W\)\?\([^],]*\)[^]]*\]$/\2/')" "$2")
        echo "${number:+known }${number:-$line}"
    done
    exit 0
fi
for program in clang-tidy gcc; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is not here"
        exit 77
    fi
done
all=
if [ $# = 0 ]; then
    all=yes
    # shellcheck disable=SC2046 # names are words
    set -- $(find src examples -name '*.c' ! -path 'src/python/*' | sort)
fi
said=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh tests/rules/analyze.sh --one)
found=$(echo "$said" | grep -v '^known ')
gone= # lines of analyze.known that were not found again
for number in $(grep -vn '^#' tests/rules/analyze.known | cut -d: -f1); do
    [ -z "$all" ] || echo "$said" | grep -qx "known $number" ||
        gone="$gone$(sed -n "${number}p" tests/rules/analyze.known)
"
done
[ -z "$found" ] || echo "$found"
[ -z "$gone" ] || printf 'no longer found, to be taken out of tests/rules/analyze.known:\n%s' "$gone"
echo "$# files, $(printf %s "$found" | grep -c '') findings, $(echo "$said" | grep -c '^known ') known ones"
[ -z "$found$gone" ]
