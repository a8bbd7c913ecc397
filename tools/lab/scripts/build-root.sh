#!/bin/bash
# Builds a Debian root file system with a Docker engine and its client, with FRR, or with an engine and an init system.
#
# build-root.sh engine SUITE DIRECTORY [BASE_ROOT]
# build-root.sh router SUITE DIRECTORY BASE_ROOT
# build-root.sh machine SUITE DIRECTORY
#
# Does nothing when DIRECTORY exists. The caller holds the cache's lock and gives this script mount and
# pid namespaces of its own, so that the mounts of a killed debootstrap vanish; an interrupted build
# leaves nothing at DIRECTORY.
#
# With BASE_ROOT (a root built by this script) the new one is a copy of it, upgraded to SUITE: the
# debootstrap of Debian 12 can build neither sid nor a root with FRR, which wants systemd. Mirror, proxy and
# certificates are those of this machine's apt.
set -euo pipefail
purpose=$1
suite=$2
directory=$3
base_root=${4:-}
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tools/lab/scripts/archive.sh
source "$here/archive.sh"

if [[ $purpose == router ]]; then
  packages=(frr)
else
  packages=(docker.io iproute2 iptables ca-certificates)
  # Since Debian 13 the client is a package of its own.
  if [[ $suite != bookworm ]]; then
    packages+=(docker-cli)
  fi
  if [[ $purpose == machine ]]; then
    packages+=(systemd-sysv dbus iputils-ping nftables procps)
  fi
fi

copy_apt_settings() {
  apt-config dump --format '%f "%v";%n' Acquire::http Acquire::https >"$1/etc/apt/apt.conf.d/90machine"
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
}

# Maintainer scripts must not start an engine here.
forbid_services() {
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
}

upgrade() {
  forbid_services "$1"
  mkdir -p "$1/etc/ssl/certs"
  copy_apt_settings "$1"
  rm -f "$1"/etc/apt/sources.list.d/*
  echo "deb $archive $suite main" >"$1/etc/apt/sources.list"
  # Snapshots and frozen mirrors are past their date; signatures are checked all the same.
  chroot "$1" apt-get --quiet -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none update
  DEBIAN_FRONTEND=noninteractive chroot "$1" \
    apt-get --quiet --yes --no-install-recommends install "${packages[@]}"
}

trim() {
  rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/{doc,man,locale,info}/* \
    "$1/etc/apt/apt.conf.d/90machine"
  mkdir -p "$1"/{proc,sys,dev,run,tmp,var/lib/docker,etc/docker}
}

# Another process may have built it while this one waited for the lock.
if [[ -d $directory ]]; then
  exit 0
fi
rm -rf "$directory".part-*

archive=$(archive)
part=$(mktemp -d "$directory.part-XXXXXX")
trap 'rm -rf "$part"' EXIT
chmod 755 "$part"

if [[ -n $base_root ]]; then
  cp -a "$base_root/." "$part"
  upgrade "$part"
else
  included=$(IFS=,; echo "${packages[*]}")
  debootstrap --variant=minbase --include="$included" "$suite" "$part" "$archive"
fi
trim "$part"
if [[ $purpose == router ]]; then
  chroot "$part" vtysh --help | grep 'version' >"$part/etc/frr-version"
else
  chroot "$part" dockerd --version >"$part/etc/engine-version"
fi

mv "$part" "$directory"
trap - EXIT
