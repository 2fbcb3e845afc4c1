#!/bin/sh
# The last line of `./run test` counts rightly: run_count.sh COUNT.PY
set -eu
count=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# expect NAME STATUS LAST_LINE: what count.py says about $work/log
expect() {
    status=0
    python3 "$count" "$work/log" >"$work/out" || status=$?
    last=$(tail -n 1 "$work/out")
    if [ "$status" != "$2" ] || [ "$last" != "$3" ]; then
        echo "$1: status $status, expected $2; said \"$last\", expected \"$3\""
        failed=1
    fi
}

# says TEXT: the output names it
says() {
    grep -qF "$1" "$work/out" && return
    echo "\"$1\" is missing in:"
    cat "$work/out"
    failed=1
}

line() {
    printf '{"name": "%s", "stdout": "%s", "result": "%s", "starttime": 1.5, "duration": 0.1, "returncode": 0}\n' "$@"
}

{
    line base 'all fine' OK
    line gemm '2 of 9 wrong' FAIL
    line warnings 'skipped: clang is not here' SKIP
    line step '' TIMEOUT
    line data 'a line\nskipped: test_data.py::test_a: no file\nthe end' OK
    line crash '' ERROR
    line stopped '' INTERRUPT
    line known '' EXPECTEDFAIL
    line surprise '' UNEXPECTEDPASS
} >"$work/log"
expect 'all kinds' 1 '3 passed, 5 failed, 1 skipped'
says 'failed: gemm (FAIL)'
says 'failed: step (TIMEOUT)'
says 'skipped: warnings (clang is not here)'
says 'skipped in data: test_data.py::test_a: no file'

{ line base '' OK && line data '' OK && line gpu '' SKIP; } >"$work/log"
expect 'none failed' 0 '2 passed, 0 failed, 1 skipped'
line slow '' TIMEOUT >>"$work/log"
expect 'a timeout alone' 1 '2 passed, 1 failed, 1 skipped'
line gpu '' SKIP >"$work/log"
expect 'only skipped' 1 '0 passed, 0 failed, 1 skipped'
: >"$work/log"
expect 'none ran' 1 '0 passed, 0 failed, 0 skipped'
echo '{"name": "cut of' >"$work/log"
expect 'torn log' 1 '0 passed, 0 failed, 0 skipped'
rm "$work/log"
expect 'no log' 1 '0 passed, 0 failed, 0 skipped'
[ $failed = 0 ] && echo "7 logs counted"
