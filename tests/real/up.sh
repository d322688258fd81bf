#!/bin/sh
# Brings the real control plane of the tests up, prints how to talk to it, and keeps it until Ctrl-C.
# With --scheduler, kube-scheduler runs in it as well (pods without a schedulerName).
set -eu
. "$(dirname "$0")/cluster.sh"

bin=$("$cluster_real/build.sh" | tail -n 1)
[ -d "$bin" ] || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/spillway-real.XXXXXX")
trap 'code=$?; trap "" INT TERM HUP; cluster_stop; rm -rf "$dir"; exit "$code"' EXIT
trap 'exit 0' INT TERM HUP

cluster_start "$bin" "$dir"
if [ "${1:-}" = --scheduler ]; then
    cluster_spawn kube-scheduler --kubeconfig="$dir/admin.kubeconfig" --leader-elect=false --secure-port=0
    cluster_extra=$!
fi
cat <<EOF
The control plane is up. In another shell:
  export KUBECONFIG=$dir/admin.kubeconfig PATH=$bin:\$PATH
  kubectl get nodes
  build/spillway --kubeconfig $dir/token.kubeconfig
Logs are in $dir. Ctrl-C ends it and removes everything.
EOF
wait "$cluster_apiserver"
