#!/bin/sh
# All benchmarks of `spillway-bench`, one after the other, each with its table; their JSON objects
# together in BUILD/bench.json. Usage: bench/run.sh BUILD. Ends with the first one that fails.
# SPILLWAY_TRACES=DIR replays the public trace too (see `spillway-bench replay --help`), and
# SPILLWAY_CLUSTER=1 runs the comparison with kube-scheduler on a real control plane, which takes a
# quarter of an hour (`spillway-bench cluster --help`).
set -eu

build=${1:?usage: bench/run.sh BUILD}
bench=$build/spillway-bench
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
trap 'exit 130' INT TERM

cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
cores=$(getconf _NPROCESSORS_ONLN)
kernel=$(uname -sr)
load=$(cut -d ' ' -f 1 /proc/loadavg)
date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
printf '%s\n%s, %s cores, load %s before the start, %s\n\n' \
    "$date" "${cpu:-unknown processor}" "$cores" "$load" "$kernel"

run() {
    printf '$ spillway-bench %s\n' "$*"
    "$bench" "$@" --json "$parts/$1.json" || {
        printf 'bench: "spillway-bench %s" failed\n' "$*" >&2
        exit 1
    }
    printf '\n'
}

run decode
run micro
run cycle --nodes 5000
if [ -n "${SPILLWAY_CLUSTER:-}" ]; then
    run preempt --nodes 1000
else
    run preempt --nodes 1000 --alone
fi
run scale
run wake --pods 100000 --shapes 1000
run memory --nodes 100000 --pods 1000000
run startup --nodes 5000 --pods 150000
run units --nodes 5000 --policies 1
mv "$parts/units.json" "$parts/units_one.json"
run units --nodes 5000 --policies 10000
sed 's/"units\./"units_many./' "$parts/units.json" >"$parts/units_many.json"
run units --pods 200000 --churn
run http --nodes 5000 --pods 50000
if [ -n "${SPILLWAY_TRACES:-}" ]; then
    run replay --traces "$SPILLWAY_TRACES" --server
fi
if [ -n "${SPILLWAY_CLUSTER:-}" ]; then
    run cluster
fi

# Each part is one flat object with a line a key (bench/report.c).
text() { printf '%s' "$1" | tr -d '"\\' | tr -c '[:print:]' ' '; }
{
    printf '{\n  "machine.date": "%s",\n  "machine.cpu": "%s",\n' "$date" "$(text "$cpu")"
    printf '  "machine.cores": %s,\n  "machine.kernel": "%s",\n' "$cores" "$(text "$kernel")"
    printf '  "machine.load_before": %s' "$load"
    for part in "$parts"/*.json; do
        sed -n 's/^ *\("[^"]*": [^,]*\),\{0,1\}$/\1/p' "$part" | while read -r line; do
            printf ',\n  %s' "$line"
        done
    done
    printf '\n}\n'
} >"$parts/bench"
mv "$parts/bench" "$build/bench.json"
printf 'written: %s\n' "$build/bench.json"
