#!/bin/sh
# Every C file is as clang-format would write it: format.sh ROOT. Versions differ, so only the one of Debian 12 decides.
set -u
cd "$1" || exit 1
version=14
clang_format=$(command -v clang-format-$version || command -v clang-format) || clang_format=
if [ -z "$clang_format" ] || ! "$clang_format" --version | grep -q "version $version\."; then
    echo "skipped: clang-format $version is not here (Debian: apt-get install clang-format-$version)"
    exit 77
fi
find src include tests examples \( -name '*.c' -o -name '*.h' \) -print0 | xargs -0 "$clang_format" --dry-run -Werror
