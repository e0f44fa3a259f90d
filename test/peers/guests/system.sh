#!/bin/sh
# The files of a Debian system as a tar archive: system.sh OUT.tar PACKAGES. Packages are separated by commas. Mirrors are this machine's own where
# it is the same Debian, else those that mmdebstrap knows. Needs root. Left out is what no test looks at: documentation, and drivers of what
# virtual machines do not have. There is no initramfs yet: disk.sh makes it for its disk.
set -eu
out=${1:?usage: system.sh OUT.tar PACKAGES}
packages=${2:?usage: system.sh OUT.tar PACKAGES}
suite=bookworm
mirror=
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [ -f "$sources" ] && grep -q "VERSION_CODENAME=$suite" /etc/os-release; then mirror=$sources; fi
done
without=
for files in share/man share/locale share/doc share/info; do without="$without --dpkgopt=path-exclude=/usr/$files/*"; done
for drivers in drivers/gpu drivers/media drivers/infiniband drivers/iio drivers/staging drivers/isdn drivers/net/wireless drivers/bluetooth drivers/usb/serial sound net/wireless net/bluetooth; do
  without="$without --dpkgopt=path-exclude=/lib/modules/*/kernel/$drivers/*"
done
# shellcheck disable=SC2086
INITRD=No mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" --skip=output/dev \
  --aptopt='APT::Install-Recommends "false"' $without "$suite" "$out" $mirror
