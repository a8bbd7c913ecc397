#!/bin/bash
# Writes a root file system of busybox and its applet links, as tar, to the file named.
#
# build-image.sh BUSYBOX TARBALL
set -euo pipefail
busybox=$1
tarball=$2

# Another process may have built it while this one waited for the lock.
if [[ -f $tarball ]]; then
  exit 0
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

mkdir -p "$root"/{bin,dev,etc,proc,root,sys,var/www}
mkdir -m 1777 "$root/tmp"
ln -s bin "$root/sbin"
install -m 755 "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  if [[ $applet != busybox ]]; then
    ln -s busybox "$root/bin/$applet"
  fi
done
if ! chroot "$root" /bin/true; then
  echo "$busybox does not run on its own (is it busybox-static?); run tools/setup" >&2
  exit 1
fi
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

tar --create --sort=name --owner=0 --group=0 --mtime=@0 --file="$tarball.part" --directory="$root" .
mv "$tarball.part" "$tarball"
