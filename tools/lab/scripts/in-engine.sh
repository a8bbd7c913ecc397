#!/bin/bash
# Runs a program in the mount namespace of a host's engine, whose root is DIRECTORY/root; makes it first, if nobody holds it.
#
# in-engine.sh DIRECTORY PROGRAM [ARGUMENT]...
#
# A chroot will not do: who enters a container's mount namespace, as "docker exec" does, gets the root of the namespace that the
# container's was copied from. A process holds the namespace: Linux 6.18 sometimes refuses to mount a new mount namespace, as their
# numbers do not ascend. What kills every process of the host, as a power cut does, ends the engine's mounts as well.
set -euo pipefail
directory=$1
namespace=$directory/namespace

hold_namespace() {
  local holder
  # Unchanged: what is mounted below /run goes on being seen in both.
  # shellcheck disable=SC2016 # the inner shell expands it
  exec {holder}< <(exec setsid unshare --mount --propagation unchanged sh -c '
    cd "$1" && mkdir -p mnt/machine && pivot_root . mnt/machine && umount -l /mnt/machine && rmdir /mnt/machine || exit
    echo ready
    exec sleep infinity </dev/null >/dev/null 2>&1
  ' sh "$directory/root" 9>&-)
  ln -sfn "/proc/$!/ns/mnt" "$namespace.new"
  read -r -u "$holder"
  exec {holder}<&-
  mv -fT "$namespace.new" "$namespace"
}

if [[ ! -e $namespace ]]; then
  exec 9>"$directory/lock"
  flock 9
  if [[ ! -e $namespace ]]; then
    hold_namespace
  fi
  exec 9>&-
fi
exec nsenter --mount="$namespace" -- "${@:2}"
