#!/bin/sh
# A raw disk that boots at VMware: disk.sh SYSTEM.tar OUT.img. FIRMWARE is bios or uefi; ROOT is ext4, xfs or btrfs; ON, below the root file
# system, is partition, lvm or luks; DATA is a device that is mounted at /srv, or nothing; NETWORK is ifupdown or netplan; INITRAMFS is vmware (its
# drivers only) or most. ADDRESS and SECOND_ADDRESS with their prefixes, GATEWAY, PASSWORD. Needs root and loop devices.
#
# No kernel but that of this machine is asked for anything: volume groups are written and never activated, LUKS is written by qemu-img.
# GRUB of a BIOS is put together by hand, because grub-install wants a disk that it can see partitions of: boot code in the first sector and the image
# after it. That of UEFI is what Debian signed, in the place where Debian's installer puts it, and in no other: firmware that has forgotten its
# boot entries does not find it.
set -eu
export LC_ALL=C
system=${1:?usage: disk.sh SYSTEM.tar OUT.img}
out=${2:?usage: disk.sh SYSTEM.tar OUT.img}
mib=1048576
size=1408
work=$(mktemp -d)
root=$work/root
loops=
leave() {
  for mount in boot dev proc sys .; do umount -q "$root/$mount" 2> /dev/null || true; done
  for device in $loops; do losetup -d "$device" || true; done
  # What could not be unmounted is the machine's own.
  rm -rf --one-file-system "$work" "$out.plain"
}
trap leave EXIT
trap 'exit 1' INT TERM

# attach VARIABLE FILE OFFSET SIZE (MiB): a loop device for a part of a file.
attach() {
  device=$(losetup -f --show -o $(($3 * mib)) --sizelimit $(($4 * mib)) "$2")
  loops="$device $loops"
  eval "$1=$device"
}
uuid() { blkid -p -s UUID -o value "$1"; }

next=1
# partition VARIABLE SIZE TYPE: the next one; VARIABLE gets where it begins (both MiB), TYPE is a letter of sfdisk.
partition() {
  printf 'start=%dMiB, size=%dMiB, type=%s\n' $next "$2" "$3" >> "$work/table"
  eval "$1=$next"
  next=$((next + $2))
}
[ "$FIRMWARE" = bios ] && echo 'label: dos' > "$work/table" || echo 'label: gpt' > "$work/table"
[ "$FIRMWARE" = bios ] || partition esp_at 64 U
[ "$ON" != luks ] || partition boot_at 128 L
root_size=$((size - next - 1))
partition root_at $root_size "$([ "$ON" = lvm ] && echo V || echo L)"
rm -f "$out" "$out.plain"
truncate -s ${size}M "$out"
sfdisk -q "$out" < "$work/table"

lvm_quietly() {
  lvm "$@" --driverloaded n --config 'devices { obtain_device_list_from_udev=0 external_device_info_source="none" use_devicesfile=0 } activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 }' > /dev/null 2> "$work/lvm" || { cat "$work/lvm" >&2; exit 1; }
}
case $ON in
  partition)
    attach root_device "$out" "$root_at" $root_size
    ;;
  lvm)
    attach volume "$out" "$root_at" $root_size
    lvm_quietly vgcreate --dataalignment 1m debian-vg "$volume"
    lvm_quietly lvcreate -y -an -Zn -Wn -l 100%FREE -n root debian-vg
    # A volume in one piece lies where the first extent does; the last extent may be cut off.
    attach root_device "$out" $((root_at + 1)) $(((root_size - 1) / 4 * 4))
    named=/dev/mapper/debian--vg-root
    ;;
  luks)
    truncate -s $((root_size - 2))M "$out.plain"
    attach root_device "$out.plain" 0 $((root_size - 2))
    attach boot_device "$out" "$boot_at" 128
    attach volume "$out" "$root_at" $root_size
    printf %s "$PASSWORD" > "$work/passphrase"
    # Keys are weak on purpose: emulated guests open them.
    qemu-img create -q -f luks --object "secret,id=key,file=$work/passphrase" -o key-secret=key,iter-time=10 "$work/luks" $((root_size - 2))M
    dd if="$work/luks" of="$volume" bs=1M count=2 status=none
    # By UUID, as Fedora does: libguestfs 1.48 does not know the names of /dev/mapper in a guest's fstab.
    mkfs.ext4 -q -L boot "$boot_device"
    ;;
esac
case $ROOT in
  ext4) mkfs.ext4 -q -L root "$root_device" ;;
  xfs) mkfs.xfs -q -L root "$root_device" ;;
  btrfs) mkfs.btrfs -q -L root "$root_device" ;;
esac

mkdir "$root"
mount -t "$ROOT" "$root_device" "$root"
flags=
if [ "$ROOT" = btrfs ]; then
  btrfs -q subvolume create "$root/@rootfs"
  umount "$root"
  mount -t btrfs -o subvol=@rootfs "$root_device" "$root"
  flags=rootflags=subvol=@rootfs
fi
if [ "$ON" = luks ]; then
  mkdir "$root/boot"
  mount -t ext4 "$boot_device" "$root/boot"
fi
tar -C "$root" --numeric-owner --xattrs -xf "$system"
inside() { chroot "$root" "$@"; }
for mount in dev proc sys; do
  mkdir -p "$root/$mount"
  mount --bind "/$mount" "$root/$mount"
done

named=${named:-UUID=$(uuid "$root_device")}
echo guest > "$root/etc/hostname"
printf '127.0.0.1 localhost guest\n' > "$root/etc/hosts"
options=defaults
[ -z "$flags" ] || options=${flags#rootflags=}
echo "$named / $ROOT $options 0 1" > "$root/etc/fstab"
[ "$ON" != luks ] || echo "UUID=$(uuid "$boot_device") /boot ext4 defaults 0 2" >> "$root/etc/fstab"
[ -z "$DATA" ] || echo "$DATA /srv ext4 defaults 0 2" >> "$root/etc/fstab"
[ "$ON" != luks ] || echo "root_crypt UUID=$(uuid "$volume") none luks,initramfs" > "$root/etc/crypttab"
echo "root:$PASSWORD" | inside chpasswd
sed -i 's/^#\?PermitRootLogin .*/PermitRootLogin yes/' "$root/etc/ssh/sshd_config"
if [ "$NETWORK" = ifupdown ]; then
  printf 'auto lo\niface lo inet loopback\n\nauto ens192\niface ens192 inet static\n  address %s\n  gateway %s\n\nauto ens224\niface ens224 inet static\n  address %s\n' \
    "$ADDRESS" "$GATEWAY" "$SECOND_ADDRESS" > "$root/etc/network/interfaces"
else
  mkdir -p "$root/etc/netplan"
  printf 'network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    ens192:\n      addresses: [%s]\n      routes: [{to: default, via: %s}]\n    ens224:\n      addresses: [%s]\n' \
    "$ADDRESS" "$GATEWAY" "$SECOND_ADDRESS" > "$root/etc/netplan/50-static.yaml"
  chmod 600 "$root/etc/netplan/50-static.yaml"
  inside systemctl -q enable systemd-networkd
fi

if [ "$INITRAMFS" = vmware ]; then
  # Compressed lightly: emulated, that alone takes half a minute otherwise.
  printf 'MODULES=list\nCOMPRESSLEVEL=1\n' > "$root/etc/initramfs-tools/conf.d/vmware"
  printf 'vmw_pvscsi\nsd_mod\nvmxnet3\n%s\n' "$ROOT" >> "$root/etc/initramfs-tools/modules"
  # cryptsetup names them by itself where the volume is open, which it is not here.
  [ "$ON" != luks ] || printf 'dm_crypt\nxts\necb\naes_generic\nsha256_generic\nalgif_skcipher\n' >> "$root/etc/initramfs-tools/modules"
fi
inside update-initramfs -c -k all > "$work/initramfs" 2>&1 || { cat "$work/initramfs" >&2; exit 1; }

# A menu by hand: update-grub names devices, and there are none of this guest here. The settings are for who runs it there.
console='console=tty0 console=ttyS0,115200'
printf 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=1\nGRUB_DISTRIBUTOR=Debian\nGRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_CMDLINE_LINUX="%s"\nGRUB_DISABLE_OS_PROBER=true\n' "$console" > "$root/etc/default/grub"
kernel=$(basename "$root"/boot/vmlinuz-*)
if [ "$ON" = luks ]; then
  loader=$(uuid "$boot_device") below=
else
  loader=$(uuid "$root_device") below=$([ "$ROOT" != btrfs ] || echo /@rootfs)/boot
fi
mkdir -p "$root/boot/grub"
cat > "$root/boot/grub/grub.cfg" << GRUB
set timeout=1
menuentry 'Debian GNU/Linux' {
  linux $below/$kernel root=$named ro $flags $console
  initrd $below/initrd.img-${kernel#vmlinuz-}
}
GRUB
early="search.fs_uuid $loader root
set prefix=(\$root)$below/grub
"
if [ "$FIRMWARE" = bios ]; then
  printf %s "$early" > "$root/boot/grub/early.cfg"
  cp -r "$root/usr/lib/grub/i386-pc" "$root/boot/grub/"
  core="$root/boot/grub/i386-pc/core.img"
  inside grub-mkimage -O i386-pc -c /boot/grub/early.cfg -p "$below/grub" -o /boot/grub/i386-pc/core.img \
    biosdisk part_msdos lvm ext2 xfs btrfs search search_fs_uuid normal linux configfile
  [ "$(stat -c %s "$core")" -lt $((2047 * 512)) ] || { echo "GRUB does not fit before the first partition" >&2; exit 1; }
  dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$out" bs=440 count=1 conv=notrunc status=none
  dd if="$core" of="$out" bs=512 seek=1 conv=notrunc status=none
else
  esp="$out@@${esp_at}M"
  attach esp_device "$out" "$esp_at" 64
  mkfs.vfat -n ESP "$esp_device" > /dev/null
  echo "UUID=$(uuid "$esp_device") /boot/efi vfat umask=0077 0 1" >> "$root/etc/fstab"
  mkdir "$root/boot/efi"
  printf '%sconfigfile $prefix/grub.cfg\n' "$early" > "$work/grub.cfg"
  mmd -i "$esp" ::/EFI ::/EFI/debian
  mcopy -i "$esp" "$root/usr/lib/shim/shimx64.efi.signed" ::/EFI/debian/shimx64.efi
  mcopy -i "$esp" "$root/usr/lib/shim/mmx64.efi.signed" ::/EFI/debian/mmx64.efi
  mcopy -i "$esp" "$root/usr/lib/shim/fbx64.efi.signed" ::/EFI/debian/fbx64.efi
  mcopy -i "$esp" "$root/usr/lib/shim/BOOTX64.CSV" ::/EFI/debian/BOOTX64.CSV
  mcopy -i "$esp" "$root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::/EFI/debian/grubx64.efi
  mcopy -i "$esp" "$work/grub.cfg" ::/EFI/debian/grub.cfg
fi

if [ "$ON" = luks ]; then
  for mount in boot dev proc sys .; do umount "$root/$mount"; done
  # Everything, holes as well: what decrypts to zeros is no zeros.
  qemu-img convert -n -f raw --object "secret,id=key,file=$work/passphrase" --target-image-opts "$out.plain" \
    "driver=luks,key-secret=key,file.driver=raw,file.offset=$((root_at * mib)),file.size=$((root_size * mib)),file.file.driver=file,file.file.filename=$out"
else
  sync -f "$root"
fi
