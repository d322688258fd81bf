#!/bin/bash
# manifests/Dockerfile without a container engine: its rules checked, and its build stage played on this
# machine in a folder that holds only what the Dockerfile copies.
#
#   tests/tidy/image.sh           prints what is wrong; fails when something is
#
# What this cannot show: that the base image has what Debian's bookworm-slim should have. The packages are
# those of tests/deps.sh, which this machine has from its own Debian.
set -euo pipefail
export LC_ALL=C
dockerfile=manifests/Dockerfile
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failed=0
say() {
    echo "$dockerfile: $1"
    failed=1
}

# One instruction a line, comments gone.
instructions=$(sed -e '/^[[:space:]]*#/d' -e '/^[[:space:]]*$/d' "$dockerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*//;ba' -e '}')
final=$(tac <<<"$instructions" | sed '/^FROM /q' | tac)

unknown=$(grep -vE '^(FROM|WORKDIR|COPY|RUN|ARG|USER|ENTRYPOINT) ' <<<"$instructions" || true)
[ -z "$unknown" ] || say "an instruction that is not needed here: $unknown"
[ "$(grep -c '^FROM ' <<<"$instructions")" -eq 2 ] || say 'not two stages'
grep -qE '^FROM scratch$' <<<"$final" || say 'the final image does not start from nothing'
grep -qE '^USER [1-9][0-9]*:[1-9][0-9]*$' <<<"$final" || say 'the final image does not run as a numbered user other than root'
! grep -qE '^(RUN|ARG) ' <<<"$final" || say 'the final image runs or takes something'
! grep -qE ':latest|^FROM [^:]+ AS' <<<"$instructions" || say 'a base image without a version'
! grep -qiE 'secret|token|passw|credential|_key' <<<"$instructions" || say 'something like a secret'

# Every package is installed here (deps.sh saw to that) or known to apt.
mapfile -t packages < <(sed -n 's/^build \([a-z][^ ]*\) .*/\1/p' tests/deps.sh)
known=$(apt-cache policy "${packages[@]}" | awk '/^[^ ]/ { name = $1 } /^  (Installed|Candidate): [0-9]/ { print name }')
for package in "${packages[@]}"; do
    grep -qxF "$package:" <<<"$known" || say "no package $package in this Debian"
done

# The build stage: what is copied must be in git, and must be enough.
mkdir "$scratch/src"
while read -r source target; do
    [ -n "$(git ls-files "${source%/}" | head -n 1)" ] || say "COPY $source: no such file in git"
    mkdir -p "$scratch/src/$target"
    if [ -d "$source" ]; then cp -r "$source/." "$scratch/src/$target"; else cp "$source" "$scratch/src/$target"; fi
done < <(sed -n 's/^COPY \([^-].*\) \(.*\)$/\1 \2/p' <<<"$instructions")
command=$(sed -n 's/^RUN \(make .*\)/\1/p' <<<"$instructions")
[ -n "$command" ] || say 'no RUN make'
(cd "$scratch/src" && env -u MAKEFLAGS -u BUILD -u SAN -u CC VERSION=image sh -ec "${command// \/rootfs/ $scratch/rootfs}" >"$scratch/log" 2>&1) || {
    tail -n 20 "$scratch/log"
    say 'its RUN make fails with what it copies'
    exit 1
}

# The final image: what its ENTRYPOINT names runs, by the image's own loader and with its libraries only.
root=$scratch/rootfs
entry=$root$(sed -n 's/^ENTRYPOINT \["\([^"]*\)"\]$/\1/p' <<<"$final")
loader=$root$(readelf -Wl "$entry" | sed -n 's/.*interpreter: \(.*\)]$/\1/p')
folders=$(find "$root/usr" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
foreign=$("$loader" --inhibit-cache --library-path "$folders" --list "$entry" | grep -F '=>' | grep -vF "=> $root/" || true)
[ -z "$foreign" ] || say "the image lacks: $foreign"
version=$("$loader" --inhibit-cache --library-path "$folders" "$entry" --version) || version=
[ "$version" = 'spillway image' ] || say "--version in the image says \"$version\""

# No library too many, either: those of the binary, and the loader.
names() { sort -u | paste -sd' '; }
linked=$(ldd "$entry" | sed -n -e 's/^[[:space:]]*\([^ /]*\) => .*/\1/p' -e 's|^[[:space:]]*/[^ ]*/\([^ /]*\) (0x.*|\1|p' | names)
shipped=$(find "$root" -name '*.so.*' -printf '%f\n' | names)
[ "$linked" = "$shipped" ] || say "libraries linked: $linked; shipped: $shipped"
files=$(find "$root" -type f ! -name '*.so.*' ! -path '*/status.d/*' -printf '/%P\n' | names)
[ "$files" = '/etc/group /etc/nsswitch.conf /etc/os-release /etc/passwd /usr/bin/spillway' ] || say "files in the image: $files"
exit $failed
