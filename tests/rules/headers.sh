#!/bin/sh
# Every public header compiles alone, as C11 and as C++17, without a warning: headers.sh INCLUDE_FOLDER
set -u
include=$1
failed=0 done=0

# try COMPILER LANGUAGE STANDARD HEADER
try() {
    done=$((done + 1))
    echo "#include <clgan/$(basename "$4")>" |
        "$1" -x "$2" -std="$3" -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$include" - && return
    echo "$1 -std=$3: $4 does not compile alone"
    failed=$((failed + 1))
}

# speaks COMPILER LANGUAGE: can it compile an empty file of that language with its standard headers?
speaks() {
    command -v "$1" >/dev/null && echo '#include <stddef.h>' | "$1" -x "$2" -fsyntax-only - 2>/dev/null
}

for header in "$include"/clgan/*.h; do
    for compiler in gcc clang; do
        speaks $compiler c && try $compiler c c11 "$header"
        speaks $compiler c++ && try $compiler c++ c++17 "$header"
    done
done
if [ $done = 0 ]; then
    echo "skipped: neither gcc nor clang is here"
    exit 77
fi
echo "$done compilations, $failed failed"
[ $failed = 0 ]
