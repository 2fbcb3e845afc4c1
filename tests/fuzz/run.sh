#!/bin/sh
# The fuzz targets with libFuzzer: run.sh [--runs N] [--seconds S] [NAME...]
# Builds them with clang in build-fuzz and runs each, two at a time, until N runs (5 million) or S seconds (3600) have
# passed, whichever is first; a line for each. What was found interesting is kept in build-fuzz/corpus, from where the
# next start goes on; an input that fails is kept as build-fuzz/crash-NAME-...
set -u
cd "$(dirname "$0")/../.." || exit 1
runs=5000000 seconds=3600
while [ $# -gt 0 ]; do
    case $1 in
    --runs)
        runs=$2
        shift 2
        ;;
    --seconds)
        seconds=$2
        shift 2
        ;;
    *) break ;;
    esac
done
if ! command -v clang >/dev/null; then
    echo "skipped: clang, which has libFuzzer, is not here"
    exit 77
fi
build=build-fuzz
[ -f $build/build.ninja ] || CC=clang meson setup $build >/dev/null || exit 1
[ $# -gt 0 ] || set -- checked history kernel_cache kind labels npy options picture safetensors svm tuning
targets=
for name in "$@"; do
    targets="$targets tests/fuzz/fuzz_$name tests/fuzz/libfuzz_$name"
done
# shellcheck disable=SC2086 # the targets are words
ninja -C $build $targets >$build/fuzz-build.log || {
    tail -n 20 $build/fuzz-build.log
    exit 1
}

# One target; its last lines tell the runs and what they covered.
one() {
    corpus=$build/corpus/$1 log=$build/fuzz-$1.log
    mkdir -p "$corpus"
    "$build/tests/fuzz/fuzz_$1" --seeds "$corpus" || return 1
    status=fine
    "$build/tests/fuzz/libfuzz_$1" -runs="$runs" -max_total_time="$seconds" -max_len=4096 -timeout=60 -rss_limit_mb=4096 \
        -artifact_prefix="$build/crash-$1-" -print_final_stats=1 "$corpus" >"$log" 2>&1 || status=FAILED
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs," \
        "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log") a second," \
        "$(sed -n 's/.*DONE *\(cov: [0-9]* ft: [0-9]*\).*/\1/p' "$log"), $status (see $log)"
    [ $status = fine ]
}

failed=0 targets=$#
while [ $# -gt 0 ]; do
    one "$1" &
    first=$! second=
    shift
    if [ $# -gt 0 ]; then
        one "$1" &
        second=$!
        shift
    fi
    wait $first || failed=$((failed + 1))
    [ -z "$second" ] || wait "$second" || failed=$((failed + 1))
done
echo "$targets targets, $failed with findings"
[ $failed = 0 ]
