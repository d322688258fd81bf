#!/bin/sh
# run.sh TEST_BINARY [ARGUMENTS]: runs the binary against a real control plane that lives as long as
# this script, and returns its exit code. The binary finds
#   SPILLWAY_TEST_BIN   the folder of kubectl, kube-scheduler, ...
#   SPILLWAY_TEST_DIR   the folder that cluster.sh describes
# The folder is removed when all went well; else its path is printed, for the logs.
set -eu
. "$(dirname "$0")/cluster.sh"
[ $# -ge 1 ] || { echo "usage: run.sh TEST_BINARY [ARGUMENTS]" >&2; exit 2; }

SPILLWAY_TEST_BIN=$("$cluster_real/build.sh" | tail -n 1)
[ -d "$SPILLWAY_TEST_BIN" ] || exit 1
SPILLWAY_TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/spillway-real.XXXXXX")
export SPILLWAY_TEST_BIN SPILLWAY_TEST_DIR

finish() {
    code=$?
    trap '' INT TERM HUP
    [ -z "$test_pid" ] || cluster_end "$test_pid"
    cluster_stop
    if [ "$code" -eq 0 ]; then
        rm -rf "$SPILLWAY_TEST_DIR"
    else
        rm -rf "$SPILLWAY_TEST_DIR/etcd" "$SPILLWAY_TEST_DIR"/*/etcd
        echo "tests/real: failed (exit code $code); the logs are in $SPILLWAY_TEST_DIR:" >&2
        ls "$SPILLWAY_TEST_DIR" | grep '\.log$' | tr '\n' ' ' >&2
        echo >&2
    fi
    exit "$code"
}
test_pid=''
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cluster_start "$SPILLWAY_TEST_BIN" "$SPILLWAY_TEST_DIR"
# In the background and waited for, so that a signal ends the wait at once. One test at a time: the
# tests share the nodes of one cluster.
setpriv --pdeathsig KILL -- "$@" -j1 &
test_pid=$!
code=0
wait "$test_pid" || code=$?
test_pid=''
exit "$code"
