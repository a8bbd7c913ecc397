#!/bin/bash
# Fetches the Compose client of a Debian suite, a program that needs nothing but libc, to the file named.
#
# build-compose.sh SUITE PROGRAM
#
# The package's signature is checked by apt. Mirror, proxy and keys are those of this machine's apt.
set -euo pipefail
suite=$1
program=$2
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tools/lab/scripts/archive.sh
source "$here/archive.sh"

# Another process may have fetched it while this one waited for the lock.
if [[ -f $program ]]; then
  exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
mkdir -p "$folder"/{lists/partial,cache/archives/partial,root}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(archive) $suite main" >"$folder/sources.list"
apt=(
  apt-get --quiet -o APT::Sandbox::User=root
  -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=-
  -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache"
  -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
)
"${apt[@]}" update
(cd "$folder" && "${apt[@]}" download docker-compose)
dpkg-deb --extract "$folder"/docker-compose_*.deb "$folder/root"
install -m 755 "$folder/root/usr/libexec/docker/cli-plugins/docker-compose" "$program.part"
"$program.part" version
mv "$program.part" "$program"
