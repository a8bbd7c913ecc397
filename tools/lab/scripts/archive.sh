#!/bin/bash
# For other scripts: where this machine's apt has the Debian archive from.

archive_of_apt() {
  # shellcheck disable=SC2016 # apt expands these
  apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 2>/dev/null |
    awk -F'|' '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# The address that this machine's apt uses for the Debian archive.
archive() {
  local site
  site=$(archive_of_apt)
  if [[ -z $site ]]; then
    apt-get --quiet update >&2
    site=$(archive_of_apt)
  fi
  if [[ -z $site ]]; then
    echo "apt knows no Debian archive: name one in /etc/apt/sources.list" >&2
    return 1
  fi
  echo "$site"
}
