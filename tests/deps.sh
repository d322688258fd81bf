#!/bin/sh
# Installs the Debian packages that are missing, and says which and why.
#
#   tests/deps.sh [build|all]     build: what `make` and `make demo` need; all: what `make test` and the
#                                 other checks need (default)
#
# Needs root or a sudo that asks no password; else it prints the command and fails. Nothing missing:
# no output, and no look at the network.
set -eu

packages() {
    cat <<'LIST'
build build-essential        compiler, linker, make
build pkg-config             where the libraries are
build libuv1-dev             event loop
build libcurl4-openssl-dev   HTTP client
build libnghttp2-dev         HTTP/2 of the writes, and of the simulated apiserver
build libjansson-dev         JSON of everything but pods and nodes
build libyaml-dev            kubeconfig
build libssl-dev             TLS
build git                    version number
build ca-certificates        trusted roots
all   libcriterion-dev       unit tests
all   clang                  second compiler, fuzzing
all   libclang-rt-14-dev     run-time of the sanitizers and of libFuzzer
all   cppcheck               static analysis
all   universal-ctags        length of functions
all   valgrind               counts instructions
LIST
}

group=${1:-all}
case $group in
build) wanted=$(packages | sed -n 's/^build *\([^ ]*\).*/\1/p') ;;
all) wanted=$(packages | sed -n 's/^[a-z]* *\([^ ]*\).*/\1/p') ;;
*)
    echo "deps: \"$group\" is no group; use: tests/deps.sh [build|all]" >&2
    exit 2
    ;;
esac

command -v dpkg-query >/dev/null || {
    echo "deps: this is no Debian; spillway is built on Debian 12 with these packages:" >&2
    printf '  %s\n' $wanted >&2
    exit 1
}
installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $wanted 2>/dev/null | sed -n 's/^ii *//p') || true
missing=
for package in $wanted; do
    case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "deps: missing Debian packages:"
for package in $missing; do
    packages | sed -n "s/^[a-z]* *\($package \)/  \1/p"
done
install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -eq 0 ]; then
    sudo=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo='sudo -n'
else
    echo "deps: installing needs root; please run this, and then make again:" >&2
    echo "    sudo apt-get update && sudo $install" >&2
    exit 1
fi
echo "deps: ${sudo:+$sudo }$install"
quiet='env DEBIAN_FRONTEND=noninteractive'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ $sudo apt-get update && $sudo $quiet $install; } >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    echo "deps: installing failed (see above); by hand: sudo apt-get update && sudo $install" >&2
    exit 1
}
