#!/bin/sh
# clang-tidy, which includes clang's analyser (.clang-tidy says which checks), and GCC's analyser find nothing in the
# sources that is not known: analyze.sh [FILE...]
# tests/analyze.known lists what they are wrong about, with the reason. GCC's check of values that are not set is left
# out: it takes those for such that functions of other files set.
set -u
cd "$(dirname "$0")/.." || exit 1

# The flags that a file is compiled with.
flags_of() {
    echo "-std=c11 -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION=\"0\" -Iinclude -Isrc"
    case $1 in
    src/base/log.c | src/cli/progress.c | examples/*) ;;
    src/cli/*) echo "-include tests/analyze.h -DCLG_ANALYZE_CLI" ;;
    *) echo "-include tests/analyze.h" ;;
    esac
    pkg-config --cflags OpenCL clblast libturbojpeg libpng libcjson
}

# Both analysers' findings in one file, a line each: FILE:LINE: what [CHECK]
findings() {
    # shellcheck disable=SC2046 # flags are words
    set -- "$1" $(flags_of "$1")
    file=$1
    shift
    {
        ! command -v clang-tidy >/dev/null || clang-tidy --quiet "$file" -- "$@"
        ! command -v gcc >/dev/null || gcc -fanalyzer -Wno-analyzer-use-of-uninitialized-value -O1 -c -o /dev/null "$@" "$file"
    } 2>&1 | sed -n "s|^$PWD/||; /: \(error\|warning\): /p"
}

if [ "${1-}" = --one ]; then
    findings "$2" | while IFS= read -r line; do
        check=$(echo "$line" | sed 's/.*\[\(-W\)\?\([^],]*\)[^]]*\]$/\2/')
        grep -qF "$2 $check " tests/analyze.known || echo "$line"
    done
    exit 0
fi
# shellcheck disable=SC2046 # names are words
[ $# -gt 0 ] || set -- $(find src examples -name '*.c' ! -path 'src/python/*' | sort)
found=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh tests/analyze.sh --one)
[ -z "$found" ] || echo "$found"
echo "$# files, $(printf %s "$found" | grep -c '') findings"
[ -z "$found" ]
