#!/bin/sh
# Writes what a package ships for people: README, documentation with dashboard and alert rules, and examples. Links to
# what it does not ship lead to the repository on the web: debhelper takes a CHANGELOG.md for that of Debian.
#
# stage-docs.sh REPOSITORY DIRECTORY
set -eu
repository=$1
out=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)

cd "$repository"
# What is built from the documentation lies below it, too.
find README.md docs examples \( -path docs/api -o -path docs/site -o -name node_modules -o -name '.*' \) -prune -o \
  -type f -print | while read -r file; do
  mkdir -p "$out/$(dirname "$file")"
  cp -L "$file" "$out/$file"
done
find "$out" -name '*.md' -exec sed -i -E \
  's#\]\((\.\./)*(packages|tools|e2e|\.github|CONTRIBUTING\.md|CHANGELOG\.md|LICENSE|package\.json)#](https://github.com/routed/routed/blob/main/\2#g' {} +
chmod -R u=rwX,go=rX "$out"
