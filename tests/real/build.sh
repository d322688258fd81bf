#!/bin/sh
# Builds the control plane that tests/real runs: etcd, kube-apiserver, kube-controller-manager,
# kube-scheduler and kubectl (controlplane/go.mod), and kwok with its stages (kwok/go.mod).
#
# The binaries live outside the checkout, under a hash of everything they are made from, so that only
# the first run pays (about 8 minutes on two cores with empty Go caches, 1.1 GB of modules, 4.5 GB of
# build cache). The last line on stdout is their folder; progress goes to stderr.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
go=$("$here/go.sh")
export GOTOOLCHAIN=local CGO_ENABLED=0 GOWORK=off

cache=${XDG_CACHE_HOME:-$HOME/.cache}/spillway
hash=$({
    cd "$here"
    cat controlplane/go.mod controlplane/go.sum kwok/go.mod kwok/go.sum build.sh
    "$go" version
} | sha256sum | cut -c1-16)
bin=$cache/controlplane-$hash

if [ ! -d "$bin" ]; then
    mkdir -p "$cache"
    # Two runs at once: the second waits here and then finds the work done.
    exec 9>"$cache/controlplane.lock"
    flock 9
fi
if [ -d "$bin" ]; then
    printf '%s\n' "$bin"
    exit 0
fi

started=$(date +%s)
say() { printf 'tests/real: %4d s  %s\n' "$(($(date +%s) - started))" "$*" >&2; }

# The folder gets its name only when it is whole. Leftovers of a run that was killed go first: the
# lock is ours, so nobody is writing to them.
rm -rf "$cache"/controlplane-*.partial
partial=$bin.partial
trap 'chmod -R u+w "$partial" 2>/dev/null || true; rm -rf "$partial"' EXIT
trap 'exit 130' INT TERM
mkdir "$partial"

build() { # module folder, output, linker flags, packages
    in=$1 out=$2 flags=$3
    shift 3
    (cd "$here/$in" && nice "$go" build -buildvcs=false -trimpath -ldflags "$flags" -o "$out" "$@" 9>&-) >&2
}

say "building the control plane for the tests into $bin (once; about 8 minutes on two cores)"
version=$(cd "$here/controlplane" && "$go" list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=$(printf '%s\n' "$version" | sed 's/^v1\.\([0-9]*\).*/\1/')
stamp="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    for pair in "gitVersion=$version" gitMajor=1 "gitMinor=$minor" gitTreeState=clean \
        gitCommit=module buildDate=1970-01-01T00:00:00Z; do
        stamp="$stamp -X $package.$pair"
    done
done

say etcd
build controlplane "$partial/etcd" "-s -w" go.etcd.io/etcd/server/v3
for name in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    say "$name"
    build controlplane "$partial/" "$stamp" "k8s.io/kubernetes/cmd/$name"
done
say kwok
kwok_version=$(cd "$here/kwok" && "$go" list -m -f '{{.Version}}' sigs.k8s.io/kwok)
build kwok "$partial/kwok" "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok_version" sigs.k8s.io/kwok/cmd/kwok

# kwok does nothing without stages. The ready ones of its module make nodes Ready (with heartbeats and
# leases), bound pods Running at once, and deleted pods vanish.
kwok_source=$(cd "$here/kwok" && "$go" list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
for folder in node/fast node/heartbeat-with-lease pod/fast; do
    for stage in "$kwok_source/kustomize/stage/$folder"/*.yaml; do
        case $stage in */kustomization.yaml) continue ;; esac
        printf -- '---\n'
        cat "$stage"
    done
done >"$partial/stages.yaml"

mv "$partial" "$bin"
say "done: $(du -sh "$bin" | cut -f1)"
printf '%s\n' "$bin"
