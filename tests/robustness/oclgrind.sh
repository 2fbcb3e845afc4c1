#!/bin/sh
# Operations on Oclgrind's simulated device: no data race, no access out of bounds, no wrong API call, with small
# work-groups and 32 KiB of local memory: oclgrind.sh FOLDER (of the test programs)
set -u
if ! command -v oclgrind >/dev/null; then
    echo "skipped: oclgrind is not here (Debian: apt-get install oclgrind)"
    exit 77
fi
unset CLGAN_DEVICE
export CLGAN_TEST_SMALL=1 # only small shapes: a simulator is slow
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for test in 'test_conv cpu' 'test_conv narrow' 'test_conv winograd' 'test_conv gpu' test_ops test_act test_norm test_pool \
    test_record; do
    # shellcheck disable=SC2086 # a program and its argument
    if oclgrind --data-races --check-api --max-wgsize 256 --local-mem-size 32768 "$1"/$test >"$log" 2>&1 &&
        ! grep -qE 'data race|Invalid|OCLGRIND|[Uu]ninit' "$log" && grep -q 'OK \]' "$log"; then
        echo "ok    $test"
    else
        echo "FAIL  $test"
        head -40 "$log"
        failed=1
    fi
done
exit $failed
