#!/bin/sh
# The tests of operations on devices that the fault layer fakes: how work is cut depends on the number of compute units and
# on the device's type.
# usage: FAULT_UNITS=8 [FAULT_GPU=1] operations.sh FOLDER LAYER    the quick form: small shapes, and of each variant of
#                                                                  the convolution its default parameters alone;
#                                                                  without test_selftest, which compiles for minutes
#        operations.sh FOLDER LAYER --long                         everything, on all faked devices
set -u
folder=$1
export OPENCL_LAYERS="$2"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

run_test() {
    start=$(date +%s) status=0
    "$folder/$1" ${2+"$2"} >"$log" 2>&1 || status=$?
    if [ $status = 77 ]; then
        tail -n 1 "$log"
        exit 77
    fi
    if [ $status = 0 ] && grep -q 'OK \]' "$log"; then
        echo "ok    $* ($(($(date +%s) - start)) s)"
    else
        echo "FAIL  $* (status $status)"
        grep -v -E 'RUN|OK \]' "$log" | head -n 40
        failed=$((failed + 1))
    fi
}

if [ "${3-}" = --long ]; then
    for units in 1 2 8 64; do
        for gpu in '' 1; do
            export FAULT_UNITS=$units FAULT_GPU=$gpu
            echo "compute units: $units, GPU: ${gpu:-no}"
            for test in act selftest conv deconv gemm kernels norm ops pool; do
                run_test test_$test
            done
        done
    done
    echo "tests of operations on 8 faked devices: $failed failed"
else
    export CLGAN_TEST_SMALL=1
    for variant in test_adjoint cpu narrow winograd gpu; do
        run_test test_conv $variant
    done
    for test in act deconv norm ops pool; do
        run_test test_$test
    done
fi
[ $failed = 0 ]
