#!/bin/sh
# All benchmarks of `spillway-bench`, one after the other, each with its table; their JSON objects
# together in BUILD/bench.json. Usage: bench/run.sh BUILD. One that fails is told and left out, and
# the rest goes on; then, and when it is interrupted, "machine.is_partial" is 1 and so is the exit code.
# SPILLWAY_TRACES=DIR replays the public trace too (see `spillway-bench replay --help`), and
# SPILLWAY_CLUSTER=1 runs the comparison with kube-scheduler on a real control plane, which takes a
# quarter of an hour (`spillway-bench cluster --help`). SPILLWAY_CLUSTER=all runs it with all
# workloads at 1,000 and 5,000 nodes (keys "cluster_WORKLOAD_NODES."), and a case of Kubernetes' own
# scheduler_perf with both schedulers ("perf_SCHEDULER."), and the table of bench/SAMPLING.md
# ("scale_steps."): an hour and a half.
set -eu

build=${1:?usage: bench/run.sh BUILD}
bench=$build/spillway-bench
parts=$(mktemp -d)
is_partial=1
trap 'gather; rm -rf "$parts"' EXIT
trap 'exit 130' INT TERM

cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
cores=$(getconf _NPROCESSORS_ONLN)
kernel=$(uname -sr)
load=$(cut -d ' ' -f 1 /proc/loadavg)
date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
printf '%s\n%s, %s cores, load %s before the start, %s\n\n' \
    "$date" "${cpu:-unknown processor}" "$cores" "$load" "$kernel"

# Each part is one flat object with a line a key (bench/report.c).
text() { printf '%s' "$1" | tr -d '"\\' | tr -c '[:print:]' ' '; }
gather() {
    {
        printf '{\n  "machine.date": "%s",\n  "machine.cpu": "%s",\n' "$date" "$(text "$cpu")"
        printf '  "machine.cores": %s,\n  "machine.kernel": "%s",\n' "$cores" "$(text "$kernel")"
        printf '  "machine.load_before": %s,\n  "machine.is_partial": %s' "$load" "$is_partial"
        for part in "$parts"/*.json; do
            [ -f "$part" ] || continue
            sed -n 's/^ *\("[^"]*": [^,]*\),\{0,1\}$/\1/p' "$part" | while read -r line; do
                printf ',\n  %s' "$line"
            done
        done
        printf '\n}\n'
    } >"$parts/bench"
    mv "$parts/bench" "$build/bench.json"
    printf 'written: %s\n\n' "$build/bench.json"
}

# The command with its flags; its figures go to the file of that name.
run_to() {
    name=$1
    shift
    printf '$ spillway-bench %s\n' "$*"
    "$bench" "$@" --json "$parts/$name.json" || {
        printf 'bench: "spillway-bench %s" failed\n' "$*" >&2
        has_failed=1
    }
    printf '\n'
}
has_failed=0

run() {
    run_to "$1" "$@"
}

# A command that runs more than once: "NAME.key" becomes "NAME_SUFFIX.key".
run_as() {
    suffix=$1
    shift
    run_to "$1_$suffix" "$@"
    [ ! -f "$parts/$name.json" ] || sed -i "s/\"$1\./\"$name./" "$parts/$name.json"
}

# Every workload beside kube-scheduler, on fewer pods than `run cluster` has.
run_workloads() {
    for nodes in 1000 5000; do
        for workload in plain node-affinity tolerations preempting infeasible extended; do
            size="--nodes $nodes --pods $((nodes * 2)) --steady 500"
            # kube-scheduler needs some ten milliseconds a victim
            [ "$workload" != preempting ] ||
                size="--nodes $nodes --pods $((nodes / 5)) --steady 200 --limit 3600"
            # shellcheck disable=SC2086 # words
            run_as "$(printf '%s_%s' "$workload" "$nodes" | tr - _)" \
                cluster --workload "$workload" $size
        done
    done
}

# A case of kube-scheduler's own benchmark, with both.
run_perf() {
    perf_files=$(cd tests/real/controlplane && GOTOOLCHAIN=local "$(../go.sh)" list -m \
        -f '{{.Dir}}/test/integration/scheduler_perf' k8s.io/kubernetes)
    for scheduler in default-scheduler spillway; do
        run_as "$(printf %s "$scheduler" | tr - _)" perf --config "$perf_files/misc/performance-config.yaml" \
            --case SchedulingBasic --workload 5000Nodes_10000Pods --control-plane \
            --scheduler "$scheduler"
    done
}

run decode
run micro
run cycle --nodes 5000
run scale
run wake --pods 100000 --shapes 1000
run memory --nodes 100000 --pods 1000000
run startup --nodes 5000 --pods 150000
run_as one units --nodes 5000 --policies 1
run_as many units --nodes 5000 --policies 10000
run units --pods 200000 --churn
run http --nodes 5000 --pods 50000
run replay --workload elastic-day --nodes 10000 --pods 500000 --svg "$build/replay.svg"
if [ -n "${SPILLWAY_TRACES:-}" ]; then
    run_as trace replay --traces "$SPILLWAY_TRACES" --server --stay
fi
if [ -n "${SPILLWAY_CLUSTER:-}" ]; then
    run preempt --nodes 1000
    run wire
    run cluster
else
    run preempt --nodes 1000 --alone
fi
if [ "${SPILLWAY_CLUSTER:-}" = all ]; then
    run_workloads
    run_perf
    run_as steps scale --steps
fi

is_partial=$has_failed
gather
trap 'rm -rf "$parts"' EXIT
"$(dirname "$0")/figures.sh" "$build/bench.json" || has_failed=1
exit "$has_failed"
