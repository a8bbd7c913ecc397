#!/bin/bash
# A whole machine: a Debian root file system whose systemd is pid 1 of mount, pid, net, uts, ipc and cgroup namespaces of
# its own, and ends with them. Writes go to SCRATCH, and stay there for the next boot.
#
# machine.sh ROOT SCRATCH CGROUP
set -euo pipefail
lower=$1
scratch=$2
cgroup=$3
root=$scratch/root

# Outside: into cgroups of its own, and into the namespaces, where this script goes on.
if [[ ${4-} != inside ]]; then
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [[ -e $hierarchy/cgroup.procs && ! -L $hierarchy ]] || continue
    mkdir -p "$hierarchy/$cgroup"
    if [[ -e $hierarchy/cpuset.mems ]]; then
      for file in cpuset.cpus cpuset.mems; do
        cat "$hierarchy/$file" >"$hierarchy/${cgroup%/*}/$file"
        cat "$hierarchy/$file" >"$hierarchy/$cgroup/$file"
      done
    fi
    echo $$ >"$hierarchy/$cgroup/cgroup.procs"
  done
  exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --propagation private \
    -- "$0" "$lower" "$scratch" "$cgroup" inside
fi

mkdir -p "$scratch"/{root,upper,work,docker,containerd}
mount -t overlay overlay "$root" -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work"
# Layers of images cannot be on an overlay.
mkdir -p "$root"/var/lib/{docker,containerd}
mount --bind "$scratch/docker" "$root/var/lib/docker"
mount --bind "$scratch/containerd" "$root/var/lib/containerd"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"

# The cgroup hierarchies of the machine, from this namespace's own group on.
if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  while IFS=: read -r _ hierarchy _; do
    [[ -n $hierarchy ]] || continue
    mkdir -p "$root/sys/fs/cgroup/${hierarchy#name=}"
    [[ $hierarchy != name=* ]] || hierarchy=none,$hierarchy
    mount -t cgroup -o "$hierarchy" cgroup "$root/sys/fs/cgroup/${hierarchy#none,name=}"
  done </proc/self/cgroup
fi

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root"/dev/{pts,shm,net}
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

cd "$root"
mkdir -p mnt
pivot_root . mnt
umount --lazy /mnt
# As systemd does on a machine that is no container: mounts propagate into services.
mount --make-rshared /
exec env --ignore-environment container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
