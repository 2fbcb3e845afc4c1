#!/bin/sh
# What `./run` installs with apt, and what it refuses to: run_install.sh RUN
# In a copy of the front door, with stand-ins for apt, the build tools and clgan.
set -eu
run=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 checks=0
mkdir "$work/bin" "$work/build"
cp "$run" "$work/run"
: >"$work/build/build.ninja"

# stand_in NAME: a command that does what standard input says; $work is where it is.
stand_in() {
    { printf '#!/bin/sh\nwork=%s\n' "$work" && cat; } >"$1"
    chmod +x "$1"
}
for tool in ninja meson sudo; do
    echo 'exit 0' | stand_in "$work/bin/$tool"
done
echo 'echo 0' | stand_in "$work/bin/id"
# shellcheck disable=SC2016 # what the stand-in expands
echo 'for package; do :; done; echo "$package"' | stand_in "$work/bin/apt-cache"
stand_in "$work/bin/dpkg-query" <<'TEXT'
for package; do :; done
grep -qxF "$package" "$work/missing" && exit 1
echo 'install ok installed'
TEXT
# apt-get -s tells what it would do; an install that is for real makes the device appear.
stand_in "$work/bin/apt-get" <<'TEXT'
echo "$*" >>"$work/apt"
case " $* " in
*' update '*) ;;
*' -s '*) cat "$work/simulation" ;;
*' install '*)
    [ -f "$work/broken" ] && echo "E: Unable to fetch some archives" && exit 100
    : >"$work/missing"
    echo 0 >"$work/device"
    ;;
esac
TEXT
stand_in "$work/build/clgan" <<'TEXT'
echo "$1" >>"$work/clgan"
[ "$1" != devices ] || exit "$(cat "$work/device")"
TEXT

# given MISSING DEVICE REMOVED: packages that are not there; what `clgan devices` ends with; what apt would remove.
given() {
    rm -f "$work/apt" "$work/clgan" "$work/broken"
    touch "$work/apt" "$work/clgan"
    printf '%s\n' "$1" >"$work/missing"
    echo "$2" >"$work/device"
    {
        echo 'The following NEW packages will be installed:'
        for package in $3; do
            echo "Remv $package [5.7.1-6]"
        done
        echo 'Inst pocl-opencl-icd (6.0-6 Debian:13.1/stable [amd64])'
    } >"$work/simulation"
}

# expect NAME STATUS: runs `./run demo`.
expect() {
    name=$1 checks=$((checks + 1)) status=0
    PATH=$work/bin:$PATH "$work/run" demo >"$work/out" 2>&1 || status=$?
    [ "$status" = "$2" ] || fault "status $status, expected $2"
}

fault() {
    echo "$name: $1; it said:"
    cat "$work/out"
    failed=1
}

says() {
    grep -qF -e "$1" "$work/out" || fault "\"$1\" is missing"
}

# installs yes|no: did apt install anything?
installs() {
    real=no
    grep -v -e '-s ' "$work/apt" | grep -q install && real=yes
    [ $real = "$1" ] || fault "installed: $real, expected $1"
}

given '' 0 ''
expect 'everything is there' 0
[ ! -s "$work/apt" ] || fault 'apt-get was called'

given pocl-opencl-icd 0 rocm-opencl-icd
expect 'another device works' 0
[ ! -s "$work/apt" ] || fault 'apt-get was called'
grep -q train "$work/clgan" || fault 'nothing was trained'

given pocl-opencl-icd 2 ''
expect 'no device' 0
installs yes
grep -q -e '--no-remove' "$work/apt" || fault 'apt may remove packages'
grep -q train "$work/clgan" || fault 'nothing was trained'

given pocl-opencl-icd 2 rocm-opencl-icd
expect 'a driver is in the way' 1
installs no
says 'to install pocl-opencl-icd, apt would remove rocm-opencl-icd'
says 'apt-get remove rocm-opencl-icd'
grep -q train "$work/clgan" && fault 'it went on'

given ninja-build 0 'libpng16-dev:i386 mesa-opencl-icd'
expect 'a build tool is in the way' 1
installs no
says 'apt would remove libpng16-dev:i386 mesa-opencl-icd'

given ninja-build 0 ''
: >"$work/broken"
expect 'apt fails' 1
says 'Unable to fetch'

[ $failed = 0 ] && echo "$checks runs were right"
