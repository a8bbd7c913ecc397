#!/bin/bash
# First process of a lab namespace. Runs inside fresh net, mount, uts and pid namespaces, prepares
# them, prints "ready <pid outside>", and then only reaps orphans. Everything in the namespaces dies
# with it, because it is their pid 1.
#
# keeper.sh segment
# keeper.sh host NAME DIRECTORY IP_FORWARD [ENGINE_ROOT [ROUTER_ROOT]]
set -euo pipefail

# Before the new /proc is mounted /proc/self still speaks of the pid namespace outside.
read -r outer_pid _ </proc/self/stat

prepare_segment() {
  ip -batch - <<'BATCH'
link set lo up
link add br0 type bridge forward_delay 0 mcast_snooping 0
link set br0 up
BATCH
}

# Writes to $1 stay in this namespace.
make_private() {
  mkdir -p "$scratch/$1/upper" "$scratch/$1/work"
  mount -t overlay overlay "/$1" \
    -o "lowerdir=/$1,upperdir=$scratch/$1/upper,workdir=$scratch/$1/work"
}

# A new sysfs shows the interfaces of the new network namespace; the cgroups are those of the machine.
remount_sys() {
  mkdir "$scratch/cgroup"
  mount --rbind /sys/fs/cgroup "$scratch/cgroup"
  mount -t sysfs sysfs /sys
  mount --move "$scratch/cgroup" /sys/fs/cgroup
}

prepare_run() {
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/docker/plugins /run/lock /run/routed /run/docker-cli
  if id frr >/dev/null 2>&1; then
    install -d -o frr -g frr /run/frr
  fi
  # dockerd's namespace files under /run/docker/netns must be seen in and outside the engine's root.
  mount --make-shared /run
}

# The root file system $2, writable for this host, at $directory/$1/root.
overlay_root() {
  mkdir -p "$directory/$1"/{root,upper,work}
  mount -t overlay overlay "$directory/$1/root" \
    -o "lowerdir=$2,upperdir=$directory/$1/upper,workdir=$directory/$1/work"
}

prepare_root() {
  local root=$directory/$1/root
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --rbind /run "$root/run"
  mount --bind /tmp "$root/tmp"
  write_names "$name" "$root/etc"
}

# There is no name server in a lab: a look-up must fail at once instead of waiting for the machine's.
write_names() {
  rm -f "$2/hostname" "$2/hosts" "$2/resolv.conf"
  echo "$1" >"$2/hostname"
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$1" >"$2/hosts"
  printf 'options timeout:1 attempts:1\n' >"$2/resolv.conf"
}

prepare_host() {
  local name=$1 directory=$2 ip_forward=$3 engine_root=${4:-} router_root=${5:-}
  local scratch=$directory/scratch
  mkdir -p "$scratch" "$directory/docker"
  # Before /var becomes an overlay: overlays stack only two deep, and containers need one more.
  if [[ -n $engine_root ]]; then
    overlay_root engine "$engine_root"
  fi
  if [[ -n $router_root ]]; then
    overlay_root router "$router_root"
  fi
  mount -t tmpfs tmpfs "$scratch"
  make_private etc
  make_private var
  remount_sys
  umount --lazy "$scratch"
  prepare_run

  # What the machine's administrator configured for the machine's engine is not for this one.
  rm -rf /etc/docker /var/lib/docker /var/lib/routed
  mkdir -p /etc/docker /var/lib/docker /var/lib/routed
  mount --bind "$directory/docker" /var/lib/docker
  if [[ -n $engine_root ]]; then
    prepare_root engine
    mount --bind /var/lib/docker "$directory/engine/root/var/lib/docker"
  fi
  if [[ -n $router_root ]]; then
    prepare_root router
  fi

  echo "$name" >/proc/sys/kernel/hostname
  write_names "$name" /etc
  # A new network namespace copies the IPv4 switches of the first one: say what this host has.
  echo "$ip_forward" >/proc/sys/net/ipv4/ip_forward
  if [[ -d /proc/sys/net/ipv6 ]]; then
    echo "$ip_forward" >/proc/sys/net/ipv6/conf/all/forwarding
  fi
  ip link set lo up
}

mount -t proc proc /proc
"prepare_$1" "${@:2}"

echo "ready $outer_pid"
exec </dev/null >/dev/null 2>&1
while true; do
  sleep infinity &
  wait
done
