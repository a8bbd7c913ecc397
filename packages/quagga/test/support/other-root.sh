# Runs a command on this machine's kernel and files, but with the programs of another root file system.
# In a mount namespace of its own: sh other-root.sh ROOT REPOSITORY NODE COMMAND...
set -e
lower=$1; repository=$2; node=$3; shift 3
base=/mnt
mount -t tmpfs tmpfs $base
mkdir $base/upper $base/work $base/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$base/upper,workdir=$base/work" $base/root
root=$base/root
for folder in proc dev sys tmp; do mkdir -p $root/$folder; mount --rbind /$folder $root/$folder; done
mkdir -p "$root$repository"
mount --rbind "$repository" "$root$repository"
touch $root/usr/bin/node
mount --bind "$node" $root/usr/bin/node
# Debian's root for routers has no ping.
ping=$(command -v ping)
cp "$ping" $root/usr/bin/ping
libraries=$root$(dirname "$(ldd "$ping" | sed -n 's/.*=> \(\/[^ ]*libc\.so[^ ]*\).*/\1/p')")
for library in $(ldd "$ping" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'); do
  [ -e "$libraries/$(basename "$library")" ] || cp "$library" "$libraries"
done
exec chroot $root /usr/bin/env --chdir="$repository" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
