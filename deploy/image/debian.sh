#!/bin/sh
# Makes the layer of Debian: debian.sh SUITE LAYER.tar LIST…, of the packages that the lists name. Beside it, in LAYER.tar.packages, is what it holds. It has no device nodes, no package lists,
# no manuals, no program that raises rights, and user and group 107 as KubeVirt's disks want them.
#
# MIRROR: a Debian mirror, or a sources file of apt; where it is not set, those of this machine when it is the same Debian.
set -eu

suite=${1:?usage: debian.sh SUITE LAYER.tar LIST…}
out=${2:?usage: debian.sh SUITE LAYER.tar LIST…}
shift 2
mirror=${MIRROR:-}
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [ -z "$mirror" ] && [ -f "$sources" ] && grep -q "VERSION_CODENAME=$suite" /etc/os-release; then mirror=$sources; fi
done

# shellcheck disable=SC2016,SC2086
mmdebstrap --quiet --variant=essential --format=tar --include="$(cat "$@" | sed '/^#/d' | paste -sd,)" \
  --skip=output/dev \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook='echo "kubeferry:x:107:107::/tmp:/usr/sbin/nologin" >> "$1/etc/passwd"; echo "kubeferry:x:107:" >> "$1/etc/group"' \
  --customize-hook='find "$1" -xdev -type f -perm /6000 -exec chmod a-s {} +' \
  --customize-hook="chroot \"\$1\" dpkg-query -W -f '\${Package} \${Version}\n' > '$out.packages'" \
  --customize-hook='rm -f "$1"/boot/initrd.img-* "$1"/boot/System.map-* "$1"/initrd.img* "$1"/vmlinuz*' \
  --customize-hook='rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/cache/* "$1"/var/log/* "$1"/etc/passwd- "$1"/etc/group- "$1"/etc/shadow-' \
  "$suite" "$out" $mirror
