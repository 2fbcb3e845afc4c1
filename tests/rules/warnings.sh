#!/bin/sh
# gcc and clang (where they are) find nothing to warn about in any source file: warnings.sh ROOT
set -u
cd "$1" || exit 1

# shellcheck disable=SC2046 # pkg-config's answer is words
set -- $(pkg-config --cflags OpenCL clblast libjpeg libpng libwebp libcjson)
failed=0 seen=0
for compiler in gcc clang; do
    if ! command -v $compiler >/dev/null; then
        echo "$compiler is not here: left out"
        continue
    fi
    for source in $(find src examples tests -name '*.c' ! -path 'src/python/*' | sort); do
        seen=$((seen + 1))
        $compiler -fsyntax-only -std=c11 -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION='"0"' \
            -DCLG_SOURCE_ROOT='"."' -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wno-missing-field-initializers -Iinclude -Isrc -Itests/unit "$@" "$source" || failed=$((failed + 1))
    done
done
echo "$seen compilations, $failed with warnings"
[ $failed = 0 ] && [ $seen != 0 ]
