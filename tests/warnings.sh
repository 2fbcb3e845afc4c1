#!/bin/sh
# clang finds nothing to warn about in any source file: warnings.sh ROOT
set -u
root=$1
if ! command -v clang >/dev/null; then
    echo "skipped: clang is not here (Debian: apt-get install clang)"
    exit 77
fi
flags="-std=c11 -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION=\"0\" -Wall -Wextra -Werror -Wshadow \
-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-missing-field-initializers \
$(pkg-config --cflags OpenCL clblast libturbojpeg libpng libcjson)"

failed=0 seen=0
for source in $(cd "$root" && find src -name '*.c' ! -path 'src/python/*' | sort); do
    seen=$((seen + 1))
    # shellcheck disable=SC2086 # the flags are words
    (cd "$root" && clang -fsyntax-only $flags -Iinclude -Isrc "$source") || failed=$((failed + 1))
done
echo "$seen files, $failed with warnings"
[ $failed = 0 ] && [ $seen != 0 ]
