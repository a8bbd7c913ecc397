#!/bin/bash
# Prints the version of what is built here: that of the release (0.1.0), or of a snapshot after it
# (0.1.0+git20261128221655.1f75edb, with the time of the commit in UTC) when the commit is not tagged as the release.
#
# version.sh PACKAGE.JSON
set -euo pipefail
version=$(jq --raw-output .version "$1")
cd "$(dirname "$1")"
# A package made from an archive of the source has no history.
if commit=$(git rev-parse --short=7 HEAD 2>/dev/null) && ! git tag --points-at HEAD | grep --fixed-strings --line-regexp --quiet "v$version"; then
  version+=+git$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S).$commit
fi
echo "$version"
