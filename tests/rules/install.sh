#!/bin/sh
# What is installed is enough to build on: examples/train.c, outside of the tree, with pkg-config's answer only:
# install.sh ROOT BUILD_FOLDER
set -eu
root=$1 build=$2
for tool in meson pkg-config cc; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: $tool is not here"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$work/installed"
libraries=$(dirname "$(find "$work/installed" -name 'libclgan.so')")
export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/installed"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 # a prefix of /usr is not the system's here
export LD_LIBRARY_PATH="$libraries"

cp "$root/examples/train.c" "$work"
cd "$work"
# shellcheck disable=SC2046 # pkg-config's answer is words
cc -std=c11 -Wall -Wextra -Werror train.c $(pkg-config --cflags --libs clgan) -o train
./train 2 faces.png faces.safetensors
if [ "$(head -c 4 faces.png | tail -c 3)" != PNG ]; then
    echo "faces.png is no picture"
    exit 1
fi
"$(find "$work/installed" -type f -name clgan)" describe >/dev/null
echo "built and run with: $(pkg-config --cflags --libs clgan)"
