#!/bin/sh
# What `pip install .` builds and installs, without pip: python_install.sh ROOT PYTHON
set -eu
root=$1 python=$2
"$python" -c 'import numpy' 2>/dev/null || { echo "skipped: no numpy for $python"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CLGAN_LIBRARY PYTHONPATH

meson setup "$work/build" "$root" --prefix /usr -Dpython=true >"$work/log" 2>&1 &&
    ninja -C "$work/build" >>"$work/log" 2>&1 &&
    meson install -C "$work/build" --no-rebuild --destdir "$work/root" >>"$work/log" 2>&1 || {
    tail -n 30 "$work/log"
    exit 1
}
# Nothing but the package, and it finds its library and the command beside it.
find "$work/root" -type f ! -path '*/clgan/*' >"$work/strays"
cat "$work/strays"
[ ! -s "$work/strays" ]
package=$(dirname "$(find "$work/root" -name __init__.py)")
cd "$work"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$(dirname "$package") "$python" -c '
import clgan
assert clgan._c.lib._dll._name.startswith(clgan.__path__[0]), clgan._c.lib._dll._name
print(clgan.faces(2, size=16)[0].shape)'
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$(dirname "$package") "$python" -m clgan --version
