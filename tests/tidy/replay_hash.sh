#!/bin/bash
# Made-up workloads, played in virtual time by builds of both compilers without and with all their
# optimisation, each twice: the same bindings, bit for bit.
#
#   tests/tidy/replay_hash.sh MAKE BUILD
set -euo pipefail
make=$1 build=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/spillway-hash.XXXXXX")
trap 'rm -rf "$dir"' EXIT

for compiler in gcc clang; do
    for level in -O0 -O3; do
        folder=$build/hash$level-$compiler
        # Warnings are the usual builds' matter: other levels see other ones, and without any
        # optimisation there is no fortification.
        "$make" --no-print-directory -j2 BUILD="$folder" CC=$compiler SAN= \
            CFLAGS="$level -U_FORTIFY_SOURCE -w" "$folder/replay-hash" >"$dir/log" 2>&1 || {
            tail -n 20 "$dir/log"
            exit 1
        }
        for _ in 1 2; do
            "$folder/replay-hash" >"$dir/now"
            [ -e "$dir/then" ] || cp "$dir/now" "$dir/then"
            diff "$dir/then" "$dir/now" || { echo "$compiler $level decides otherwise"; exit 1; }
        done
    done
done
[ "$(grep -c ' hash ' "$dir/then")" -ge 7 ] || { cat "$dir/then"; exit 1; }
