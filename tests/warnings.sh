#!/bin/sh
# clang finds nothing to warn about in any source file: warnings.sh ROOT
set -u
cd "$1" || exit 1
if ! command -v clang >/dev/null; then
    echo "skipped: clang is not here (Debian: apt-get install clang)"
    exit 77
fi

# shellcheck disable=SC2046 # pkg-config's answer is words
set -- $(pkg-config --cflags OpenCL clblast libturbojpeg libpng libcjson)
failed=0 seen=0
for source in $(find src -name '*.c' ! -path 'src/python/*' | sort); do
    seen=$((seen + 1))
    clang -fsyntax-only -std=c11 -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION='"0"' \
        -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wno-missing-field-initializers -Iinclude -Isrc "$@" "$source" || failed=$((failed + 1))
done
echo "$seen files, $failed with warnings"
[ $failed = 0 ] && [ $seen != 0 ]
