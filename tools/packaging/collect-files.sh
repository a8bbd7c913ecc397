#!/bin/sh
# Writes the least root file system that routed-plugin runs in: Node, iptables, nft, their libraries, and the bundle. The
# programs are those of the system that this runs on: a stage of the Dockerfile, or the machine of tools/build-plugin.
#
# collect-files.sh BUNDLE DIRECTORY
set -eu
bundle=$1
out=$2

copy() {
  mkdir -p "$out$(dirname "$1")"
  cp -L "$1" "$out$1"
}

copy_with_libraries() {
  copy "$1"
  # "name => /path (address)", or the loader alone: "/path (address)"
  ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
    copy "$library"
  done
}

mkdir -p "$out/usr/bin" "$out/usr/sbin" "$out/usr/lib" "$out/run/docker/plugins" "$out/run/docker/netns" \
  "$out/var/lib/routed" "$out/tmp" "$out/etc" "$out/dev" "$out/proc" "$out/sys"
# As on every merged /usr; Docker names network namespaces by /var/run.
for folder in bin sbin lib lib64; do
  mkdir -p "$out/usr/$folder"
  ln -sf "usr/$folder" "$out/$folder"
done
ln -sf ../run "$out/var/run"

node=$(readlink -f "$(command -v node)")
copy_with_libraries "$node"
[ "$node" = /usr/bin/node ] || mv "$out$node" "$out/usr/bin/node"

copy_with_libraries /usr/sbin/xtables-nft-multi
for command in iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save; do
  ln -sf xtables-nft-multi "$out/usr/sbin/$command"
done
for module in /usr/lib/*/xtables/*.so; do
  copy "$module"
done

copy_with_libraries /usr/sbin/nft

mkdir -p "$out/usr/lib/routed"
cp -R "$bundle/." "$out/usr/lib/routed"
for program in routed-plugin:main quagga-config:quagga-config; do
  name=${program%:*}
  printf '#!/usr/bin/node\nimport "/usr/lib/routed/dist/%s.js";\n' "${program#*:}" >"$out/usr/lib/routed/$name.mjs"
  chmod 755 "$out/usr/lib/routed/$name.mjs"
  ln -sf "../lib/routed/$name.mjs" "$out/usr/bin/$name"
done
