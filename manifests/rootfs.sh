#!/bin/sh
# rootfs.sh BINARY NEW_FOLDER: lays out the root of the image: the binary, the shared libraries it links
# (all that the loader would load, and the loader), and what the C library looks names up with.
#
# var/lib/dpkg/status.d says which Debian packages the libraries are from, in the place where scanners
# of images without a package manager look.
set -eu
[ $# -eq 2 ] || { echo "usage: rootfs.sh BINARY NEW_FOLDER" >&2; exit 2; }
binary=$1 root=$2
[ ! -e "$root" ] || { echo "rootfs.sh: $root exists" >&2; exit 1; }

# "name => /path (address)" and "/path/of/the/loader (address)"; a library that is missing fails.
loaded=$(ldd "$binary")
if printf '%s\n' "$loaded" | grep 'not found' >&2; then
    exit 1
fi
libraries=$(printf '%s\n' "$loaded" | sed -n 's/^.*=> \(\/[^ ]*\) (0x.*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (0x.*/\1/p')
[ -n "$libraries" ] || { echo "rootfs.sh: ldd names no library of $binary" >&2; exit 1; }

# As a merged Debian has them: the loader's path is in the binary and begins with /lib or /lib64.
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/var/lib/dpkg/status.d"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
for library in $libraries; do
    # Under the name that the loader asks for, the file that is behind it.
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
    file=$(readlink -f "$library")
    package=$(dpkg-query -S "$file" "/lib/${file#/usr/lib/}" 2>/dev/null | sed -n '1s/:.*//p') || true
    [ -n "$package" ] || { echo "rootfs.sh: $library is of no Debian package" >&2; exit 1; }
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
done
install -s "$binary" "$root/usr/bin/spillway"

# The host's own files before the net, as everywhere; the kubelet writes hosts and resolv.conf.
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'spillway:x:65532:65532::/:/nonexistent\n' >"$root/etc/passwd"
printf 'spillway:x:65532:\n' >"$root/etc/group"
cp /usr/lib/os-release "$root/etc/os-release"
