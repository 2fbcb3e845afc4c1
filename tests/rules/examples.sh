#!/bin/sh
# The examples, one after the other: examples.sh TRAIN GENERATE INTERPOLATE
set -eu
train=$(realpath "$1") generate=$(realpath "$2") interpolate=$(realpath "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# is_png FILE TEXT: a PNG file that has this text somewhere
is_png() {
    if [ "$(head -c 4 "$1" | tail -c 3)" != PNG ] || ! grep -aq "$2" "$1"; then
        echo "$1 is no PNG with $2"
        exit 1
    fi
}

"$train" 3 faces.png faces.safetensors
is_png faces.png IDAT
"$generate" faces.safetensors 7 new.png
is_png new.png IDAT
"$interpolate" faces.safetensors walk.png
is_png walk.png acTL
if "$generate" nowhere.safetensors 2>/dev/null || "$generate" 2>/dev/null; then
    echo "a model that is not there is no error"
    exit 1
fi
