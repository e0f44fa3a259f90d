/**
 * Programs that come from the system, not from npm. One line each; Go, whose version counts, is in go.mjs.
 * Pure: the search itself is handed in.
 */

/** @typedef {'demo' | 'guest' | 'test' | 'check' | 'bench'} Purpose `guest`: the demo and the bench with a real guest. */

/**
 * @typedef {object} Program
 * @property {string} program as it is looked up in PATH, or the absolute path of a file, where `*` stands for any one folder
 * @property {string} package Debian's and Ubuntu's package that holds it
 * @property {readonly Purpose[]} needed by scripts that cannot do without
 * @property {readonly Purpose[]} wanted by scripts that show more with it
 */

/** @type {readonly Program[]} */
export const PROGRAMS = [
  { program: 'qemu-img', package: 'qemu-utils', needed: ['demo', 'guest', 'test', 'bench'], wanted: [] },
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86', needed: ['guest', 'test'], wanted: ['demo'] },
  { program: 'chromium', package: 'chromium', needed: ['test'], wanted: [] },
  { program: 'losetup', package: 'mount', needed: ['guest', 'test'], wanted: [] },
  { program: 'mkfs.ext4', package: 'e2fsprogs', needed: ['guest', 'test'], wanted: [] },
  { program: '/usr/lib/*/qemu/block-curl.so', package: 'qemu-block-extra', needed: ['bench'], wanted: [] },
  { program: 'nginx', package: 'nginx-light', needed: ['test', 'bench'], wanted: [] },
  { program: 'curl', package: 'curl', needed: ['bench'], wanted: [] },
  { program: 'nbdkit', package: 'nbdkit', needed: ['test', 'bench'], wanted: [] },
  { program: 'nbdcopy', package: 'libnbd-bin', needed: ['bench'], wanted: [] },
  { program: 'nbdfuse', package: 'libnbd-bin', needed: ['test'], wanted: [] },
  { program: 'fusermount3', package: 'fuse3', needed: ['test'], wanted: [] },
  { program: 'blkdiscard', package: 'util-linux', needed: ['test'], wanted: [] },
  // test/transfer/formats/libvhdi.py; the name of the module itself tells Python's version.
  { program: '/usr/share/*/python3-libvhdi/copyright', package: 'python3-libvhdi', needed: ['test'], wanted: [] },
  { program: 'smbd', package: 'samba', needed: ['test', 'bench'], wanted: [] },
  { program: 'smbpasswd', package: 'samba-common-bin', needed: ['test', 'bench'], wanted: [] },
  { program: 'smbclient', package: 'smbclient', needed: ['bench'], wanted: [] },
  // test/peers/sshd.ts, and a server by others that knows passwords.
  { program: '/usr/sbin/sshd', package: 'openssh-server', needed: ['test'], wanted: [] },
  { program: 'ssh-keygen', package: 'openssh-client', needed: ['test'], wanted: [] },
  { program: '/usr/share/*/python3-paramiko/copyright', package: 'python3-paramiko', needed: ['test'], wanted: [] },
  // test/peers/hyperv: the accepting side of NTLM, and a client that knows nothing of us.
  { program: '/usr/lib/*/gssntlmssp/gssntlmssp.so', package: 'gss-ntlmssp', needed: ['test'], wanted: [] },
  { program: '/usr/share/*/python3-gssapi/copyright', package: 'python3-gssapi', needed: ['test'], wanted: [] },
  // test/peers/ntlm: tickets, and what logins by them are built against.
  { program: '/usr/sbin/krb5kdc', package: 'krb5-kdc', needed: ['test'], wanted: [] },
  { program: '/usr/sbin/kadmin.local', package: 'krb5-admin-server', needed: ['test'], wanted: [] },
  { program: 'kinit', package: 'krb5-user', needed: ['test'], wanted: [] },
  { program: '/usr/include/*/gssapi_ext.h', package: 'libkrb5-dev', needed: ['test'], wanted: [] },
  { program: '/usr/share/*/python3-winrm/copyright', package: 'python3-winrm', needed: ['test'], wanted: [] },
  { program: '/usr/share/*/python3-requests-ntlm/copyright', package: 'python3-requests-ntlm', needed: ['test'], wanted: [] },
  { program: 'tar', package: 'tar', needed: ['test', 'bench'], wanted: [] },
  // test/peers/vddk builds a plugin of nbdkit from its source package.
  { program: 'gcc', package: 'gcc', needed: ['test'], wanted: [] },
  { program: '/usr/*/stdio.h', package: 'libc6-dev', needed: ['test'], wanted: [] },
  { program: 'make', package: 'make', needed: ['test'], wanted: [] },
  { program: 'dpkg-source', package: 'dpkg-dev', needed: ['test'], wanted: [] },
  { program: 'etcd', package: 'etcd-server', needed: ['test'], wanted: [] },
  // deploy/image is built, and entered.
  { program: 'mmdebstrap', package: 'mmdebstrap', needed: ['guest', 'test'], wanted: [] },
  // test/convert/guest: the converter, its appliance, and what disks are made of for it.
  { program: 'virt-v2v-in-place', package: 'virt-v2v', needed: ['guest', 'test'], wanted: [] },
  { program: 'guestfish', package: 'guestfish', needed: ['guest', 'test'], wanted: [] },
  { program: 'hivexregedit', package: 'libwin-hivex-perl', needed: ['test'], wanted: [] },
  { program: 'sfdisk', package: 'fdisk', needed: ['guest', 'test'], wanted: [] },
  { program: 'mkfs.vfat', package: 'dosfstools', needed: ['test'], wanted: [] },
  { program: 'mcopy', package: 'mtools', needed: ['test'], wanted: [] },
  { program: 'mkntfs', package: 'ntfs-3g', needed: ['test'], wanted: [] },
  { program: 'cryptsetup', package: 'cryptsetup-bin', needed: ['test'], wanted: [] },
  // test/peers/guests: what their disks are laid out with.
  { program: 'lvm', package: 'lvm2', needed: ['test'], wanted: [] },
  { program: 'mkfs.xfs', package: 'xfsprogs', needed: ['test'], wanted: [] },
  { program: 'mkfs.btrfs', package: 'btrfs-progs', needed: ['test'], wanted: [] },
  // test/convert/boot: guests of a kernel and busybox, UEFI firmware, and a TPM.
  { program: '/bin/busybox', package: 'busybox-static', needed: ['test'], wanted: [] },
  {
    program: '/usr/share/*/linux-image-cloud-amd64/copyright',
    package: 'linux-image-cloud-amd64',
    needed: ['guest', 'test'],
    wanted: [],
  },
  { program: 'cpio', package: 'cpio', needed: ['test'], wanted: [] },
  { program: 'grub-mkrescue', package: 'grub-common', needed: ['test'], wanted: [] },
  { program: '/usr/lib/*/i386-pc/boot.img', package: 'grub-pc-bin', needed: ['test'], wanted: [] },
  { program: 'xorriso', package: 'xorriso', needed: ['test'], wanted: [] },
  { program: '/usr/share/*/OVMF_CODE_4M.fd', package: 'ovmf', needed: ['test'], wanted: [] },
  { program: 'swtpm', package: 'swtpm', needed: ['test'], wanted: [] },
  { program: 'prometheus', package: 'prometheus', needed: ['test'], wanted: [] },
  { program: 'promtool', package: 'prometheus', needed: ['test'], wanted: [] },
];

/**
 * @param {string} text
 * @returns {text is Purpose}
 */
export function isPurpose(text) {
  return text === 'demo' || text === 'guest' || text === 'test' || text === 'check' || text === 'bench';
}

/**
 * What a script misses on this machine.
 *
 * @param {Purpose} purpose
 * @param {(program: string) => boolean} present
 * @returns {{ needed: readonly Program[], wanted: readonly Program[] }}
 */
export function missingPrograms(purpose, present) {
  const missing = PROGRAMS.filter((entry) => !present(entry.program));
  return {
    needed: missing.filter((entry) => entry.needed.includes(purpose)),
    wanted: missing.filter((entry) => entry.wanted.includes(purpose)),
  };
}

/**
 * The one line that a person needs when nothing may be installed automatically.
 *
 * @param {readonly Program[]} missing
 * @param {boolean} debian apt-get is there
 * @returns {string}
 */
export function installLine(missing, debian) {
  const packages = [...new Set(missing.map((entry) => entry.package))].join(' ');
  if (debian) return `sudo apt-get install --no-install-recommends ${packages}`;
  return `install ${missing.map((entry) => entry.program).join(', ')} (Debian calls the packages ${packages})`;
}
