#!/bin/sh
# The tests under the sanitizers: sanitize.sh [TEST...]
# Everything is built with AddressSanitizer and UndefinedBehaviorSanitizer in build-sanitize, where the tests that run
# programs of this project are then run (all of them, or the named ones); then what has threads runs under
# ThreadSanitizer. Leaks within OpenCL platforms are left out by their libraries' names (sanitize.supp), nothing else.
# The order of libraries is not looked at: a test preloads one.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=build-sanitize
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:verify_asan_link_order=0
export LSAN_OPTIONS="suppressions=$PWD/tests/robustness/sanitize.supp:print_suppressions=0"
export UBSAN_OPTIONS=print_stacktrace=1
[ -f $build/build.ninja ] ||
    meson setup $build --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-fno-sanitize-recover=all >/dev/null || exit 1
ninja -C $build >$build/sanitize-build.log || {
    tail -n 20 $build/sanitize-build.log
    exit 1
}
# Not these: they look at sources or at what is installed, run programs or libraries that other programs would have to
# be built for, measure memory (freed blocks are kept for a while here), or have sanitizers of their own.
others='includes|includes-self|docs|docs-self|format|headers|symbols|warnings|run-count|run-install|install|oclgrind|growth|cases|python.*|notebooks|fuzz-.*'
failed=
# shellcheck disable=SC2046 # names are words
[ $# -gt 0 ] || set -- $(meson test -C $build --list 2>/dev/null | sed 's/.* //' | grep -vxE "$others")
meson test -C $build --no-rebuild --timeout-multiplier 10 --num-processes 1 --print-errorlogs "$@" || failed=" tests"

# threads NAME SOURCE...: a test that needs no device, under ThreadSanitizer.
threads() {
    name=$1
    shift
    # shellcheck disable=SC2046 # pkg-config's answer is words
    ${CC:-cc} -std=c11 -g -O1 -fsanitize=thread -D_GNU_SOURCE -DCL_TARGET_OPENCL_VERSION=120 -DCLG_VERSION='"0"' \
        -DCLG_SOURCE_ROOT="\"$PWD\"" -Iinclude -Isrc $(pkg-config --cflags OpenCL libjpeg libpng libwebp libcjson) \
        src/base/*.c src/data/*.c "$@" -o "$build/$name-threads" \
        $(pkg-config --libs libjpeg libpng libwebp libwebpdemux zlib libcjson cmocka) -lm -pthread &&
        "$build/$name-threads" || failed="$failed $name"
}
threads loader tests/unit/test_loader.c
threads watch src/run/watchdog.c tests/unit/test_watchdog.c
echo "under the sanitizers: $# tests and 2 with threads; ${failed:-none} failed"
[ -z "$failed" ]
