#!/bin/sh
# The library exports exactly what its public headers declare with CLG_API: symbols.sh INCLUDE_FOLDER LIBRARY
set -eu
include=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The compiler's own view of the headers: comments and line breaks are gone; CLG_API is made a plain word.
mkdir "$work/clgan"
for header in "$include"/clgan/*.h; do
    sed 's/^#define CLG_API\b.*/#define CLG_API exported_symbol/' "$header" >"$work/clgan/$(basename "$header")"
done
echo '#include <clgan/clgan.h>' | ${CC:-cc} -E -P -I"$work" - | tr '\n;' ' \n' |
    sed -n 's/.*exported_symbol \(.*\)/\1/p' |
    sed 's/(.*//; s/\[.*//; s/ *$//; s/.*[ *]//' | sort -u >"$work/declared"
nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort -u >"$work/exported"

comm -23 "$work/declared" "$work/exported" | sed 's/^/declared in a header, not in the library: /' >"$work/faults"
comm -13 "$work/declared" "$work/exported" | sed 's/^/exported by the library, in no header: /' >>"$work/faults"
cat "$work/faults"
echo "$(wc -l <"$work/declared") symbols declared, $(wc -l <"$work/exported") exported"
[ -s "$work/declared" ] && [ ! -s "$work/faults" ]
