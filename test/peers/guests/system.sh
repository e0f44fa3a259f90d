#!/bin/sh
# The files of a Debian system as a tar archive: system.sh OUT.tar PACKAGES. Packages are separated by commas. Mirrors are this machine's own where
# it is the same Debian, else those that mmdebstrap knows. Needs root.
set -eu
out=${1:?usage: system.sh OUT.tar PACKAGES}
packages=${2:?usage: system.sh OUT.tar PACKAGES}
suite=bookworm
mirror=
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [ -f "$sources" ] && grep -q "VERSION_CODENAME=$suite" /etc/os-release; then mirror=$sources; fi
done
# shellcheck disable=SC2086
mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" --skip=output/dev \
  --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  "$suite" "$out" $mirror
