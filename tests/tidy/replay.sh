#!/bin/bash
# One recording, replayed by the builds of several compilers: the same bindings, bit for bit.
#
#   tests/tidy/replay.sh BUILD...           folders with spillway and spillway-bench; the first records
set -euo pipefail
first=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/spillway-replay.XXXXXX")
trap 'rm -rf "$dir"' EXIT

printf '#!/bin/sh\nexec "%s" "$@" --record "%s"\n' "$(realpath "$first/spillway")" "$dir/events" \
    >"$dir/recorded"
chmod +x "$dir/recorded"
"$first/spillway-bench" http --nodes 100 --pods 1500 --spillway "$dir/recorded" >"$dir/http.log" 2>&1 || {
    cat "$dir/http.log"
    exit 1
}
for build in "$@"; do
    "$build/spillway-bench" replay --events "$dir/events" >"$dir/now"
    [ -e "$dir/then" ] || cp "$dir/now" "$dir/then"
    cmp "$dir/then" "$dir/now" || { echo "$build decides otherwise than $first"; exit 1; }
done
grep -q '^bindings 1500, ' "$dir/then" || { tail -n 3 "$dir/then"; exit 1; }
