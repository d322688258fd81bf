#!/bin/sh
# Prints the path of a Go that can build the control plane of the tests, or says how to get one.
# Kubernetes 1.37's modules ask for Go 1.26; Debian 12 has 1.19, and its backports are too old as well.
set -eu
need_minor=26

give_up() {
    cat >&2 <<EOF
tests/real: $1
  The tests run against a real Kubernetes 1.37 control plane, which is built with Go >= 1.$need_minor.
  Get it from https://go.dev/dl/ (go1.$need_minor or later for linux-$(dpkg --print-architecture 2>/dev/null || uname -m)) and put it where it is found:
    rm -rf /usr/local/go && tar -C /usr/local -xzf go1.$need_minor.*.tar.gz
    export PATH=/usr/local/go/bin:\$PATH
  Only the tests need Go; spillway itself does not.
EOF
    exit 1
}

go=$(command -v go || true)
[ -n "$go" ] || go=/usr/local/go/bin/go
[ -x "$go" ] || give_up "Go was not found: neither on PATH nor in /usr/local/go/bin."

# local: a newer Go must not be fetched behind the user's back.
found=$(GOTOOLCHAIN=local "$go" env GOVERSION) || give_up "$go does not run."
minor=$(printf '%s\n' "$found" | sed -n 's/^go1\.\([0-9][0-9]*\).*/\1/p')
case $found in
devel*) ;;
*) [ -n "$minor" ] && [ "$minor" -ge "$need_minor" ] || give_up "$go is $found, which is too old." ;;
esac
printf '%s\n' "$go"
