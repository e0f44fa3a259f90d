#!/bin/sh
# A raw disk that boots at VMware: disk.sh SYSTEM.tar OUT.img. FIRMWARE is bios or uefi; ROOT is ext4, xfs or btrfs; NETWORK is ifupdown or
# netplan; INITRAMFS is vmware (its drivers only) or most. ADDRESS (with prefix), GATEWAY, PASSWORD. Needs root and loop devices.
#
# GRUB is put together by hand, because grub-install wants a disk that it can see partitions of: boot code in the first sector and the image
# after it, or the image in the EFI system partition. It finds the system by the identifier of its file system, as grub-install does it.
set -eu
export LC_ALL=C
system=${1:?usage: disk.sh SYSTEM.tar OUT.img}
out=${2:?usage: disk.sh SYSTEM.tar OUT.img}
mib=1048576
size=$((2560 * mib))
work=$(mktemp -d)
root_device= esp_device=
leave() {
  for mount in boot/efi dev/pts dev proc sys .; do umount -q "$work/root/$mount" 2>/dev/null || true; done
  for device in $root_device $esp_device; do losetup -d "$device" || true; done
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 1' INT TERM

rm -f "$out"
truncate -s "$size" "$out"
if [ "$FIRMWARE" = bios ]; then
  printf 'label: dos\nstart=2048, type=83, bootable\n' | sfdisk -q "$out"
  first=2048 sectors=$((size / 512 - 2048))
else
  printf 'label: gpt\nstart=2048, size=131072, type=U\nstart=133120, size=%d, type=L\n' $((size / 512 - 133120 - 2048)) | sfdisk -q "$out"
  first=133120 sectors=$((size / 512 - 133120 - 2048))
  esp_device=$(losetup -f --show -o $mib --sizelimit $((131072 * 512)) "$out")
  mkfs.vfat -n ESP "$esp_device" > /dev/null
fi
root_device=$(losetup -f --show -o $((first * 512)) --sizelimit $((sectors * 512)) "$out")
case $ROOT in
  ext4) mkfs.ext4 -q -L root "$root_device" ;;
  xfs) mkfs.xfs -q -L root "$root_device" ;;
  btrfs) mkfs.btrfs -q -L root "$root_device" ;;
esac
uuid=$(blkid -p -s UUID -o value "$root_device")

mkdir "$work/root"
mount -t "$ROOT" "$root_device" "$work/root"
tar -C "$work/root" --numeric-owner --xattrs -xf "$system"
inside() { chroot "$work/root" "$@"; }
for mount in dev proc sys; do
  mkdir -p "$work/root/$mount"
  mount --bind "/$mount" "$work/root/$mount"
done

echo guest > "$work/root/etc/hostname"
printf '127.0.0.1 localhost guest\n' > "$work/root/etc/hosts"
echo "UUID=$uuid / $ROOT defaults 0 1" > "$work/root/etc/fstab"
if [ "$FIRMWARE" = uefi ]; then
  echo "UUID=$(blkid -p -s UUID -o value "$esp_device") /boot/efi vfat umask=0077 0 1" >> "$work/root/etc/fstab"
fi
echo "root:$PASSWORD" | inside chpasswd
sed -i 's/^#\?PermitRootLogin .*/PermitRootLogin yes/' "$work/root/etc/ssh/sshd_config"
if [ "$NETWORK" = ifupdown ]; then
  printf 'auto lo\niface lo inet loopback\n\nauto ens192\niface ens192 inet static\n  address %s\n  gateway %s\n' \
    "$ADDRESS" "$GATEWAY" > "$work/root/etc/network/interfaces"
else
  mkdir -p "$work/root/etc/netplan"
  printf 'network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    ens192:\n      addresses: [%s]\n      routes: [{to: default, via: %s}]\n' \
    "$ADDRESS" "$GATEWAY" > "$work/root/etc/netplan/50-static.yaml"
  chmod 600 "$work/root/etc/netplan/50-static.yaml"
  inside systemctl -q enable systemd-networkd
fi

if [ "$INITRAMFS" = vmware ]; then
  echo MODULES=list > "$work/root/etc/initramfs-tools/conf.d/vmware"
  printf 'vmw_pvscsi\nsd_mod\nvmxnet3\n%s\n' "$ROOT" >> "$work/root/etc/initramfs-tools/modules"
fi
inside update-initramfs -u -k all > /dev/null

cat > "$work/root/etc/default/grub" << 'GRUB'
GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_DISABLE_OS_PROBER=true
GRUB
mkdir -p "$work/root/boot/grub"
echo "(hd0) $root_device" > "$work/root/boot/grub/device.map"
inside update-grub 2> "$work/update-grub" || { cat "$work/update-grub" >&2; exit 1; }
rm "$work/root/boot/grub/device.map"
# update-grub names a file system by its identifier only where udev has made a link for it.
sed -i "s|root=$root_device |root=UUID=$uuid |" "$work/root/boot/grub/grub.cfg"
# An empty menu would stop at a prompt, and nobody would know who is to blame.
grep -q "^[[:space:]]*linux.*root=UUID=$uuid" "$work/root/boot/grub/grub.cfg" || { cat "$work/update-grub" >&2; echo "grub.cfg does not start the kernel" >&2; exit 1; }

printf 'search.fs_uuid %s root\nset prefix=($root)/boot/grub\n' "$uuid" > "$work/root/boot/grub/early.cfg"
modules="part_msdos part_gpt ext2 xfs btrfs fat search search_fs_uuid normal linux configfile"
if [ "$FIRMWARE" = bios ]; then
  cp -r "$work/root/usr/lib/grub/i386-pc" "$work/root/boot/grub/"
  # shellcheck disable=SC2086
  inside grub-mkimage -O i386-pc -c /boot/grub/early.cfg -p /boot/grub -o /boot/grub/i386-pc/core.img biosdisk $modules
  core="$work/root/boot/grub/i386-pc/core.img"
  [ "$(stat -c %s "$core")" -lt $((2047 * 512)) ] || { echo "GRUB does not fit before the first partition" >&2; exit 1; }
  dd if="$work/root/usr/lib/grub/i386-pc/boot.img" of="$out" bs=440 count=1 conv=notrunc status=none
  dd if="$core" of="$out" bs=512 seek=1 conv=notrunc status=none
else
  cp -r "$work/root/usr/lib/grub/x86_64-efi" "$work/root/boot/grub/"
  mkdir -p "$work/root/boot/efi"
  mount -t vfat "$esp_device" "$work/root/boot/efi" 2> /dev/null || esp_by_mtools=1
  # shellcheck disable=SC2086
  inside grub-mkimage -O x86_64-efi -c /boot/grub/early.cfg -p /boot/grub -o /boot/grub/grubx64.efi $modules
  if [ -n "${esp_by_mtools:-}" ]; then
    mmd -i "$esp_device" ::/EFI ::/EFI/BOOT ::/EFI/debian
    mcopy -i "$esp_device" "$work/root/boot/grub/grubx64.efi" ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$esp_device" "$work/root/boot/grub/grubx64.efi" ::/EFI/debian/grubx64.efi
  else
    mkdir -p "$work/root/boot/efi/EFI/BOOT" "$work/root/boot/efi/EFI/debian"
    cp "$work/root/boot/grub/grubx64.efi" "$work/root/boot/efi/EFI/BOOT/BOOTX64.EFI"
    cp "$work/root/boot/grub/grubx64.efi" "$work/root/boot/efi/EFI/debian/grubx64.efi"
  fi
fi
sync -f "$work/root"
