/**
 * Linux distributions.
 * Identifiers: VMware VirtualMachineGuestOsIdentifier (vSphere 8.0 U3) and the VMX spellings of the same; CIM_OperatingSystem.OsType of
 * CIM 2.52; VirtualBox 7.1 OSType ids. Preferences: kubevirt/common-instancetypes 1.7.0. Rows are found by text in this order.
 */
import { type GuestOsRow, legacy } from './row.ts';

/** A Linux whose kernel has virtio and AHCI. */
function linux(row: Omit<GuestOsRow, 'family' | 'virtio' | 'ahci' | 'preference'> & { readonly kubevirt?: string }): GuestOsRow {
  const { kubevirt = 'linux', ...rest } = row;
  return { ...rest, family: 'linux', virtio: 'builtin', ahci: true, preference: { virtio: kubevirt, compatibility: 'legacy' } };
}

/** A Linux of the 2.6.18 to 2.6.32 age: virtio 0.9 only. */
function oldLinux(row: Omit<GuestOsRow, 'family' | 'virtio' | 'ahci' | 'preference'>): GuestOsRow {
  const preference = { virtio: 'linux.virtiotransitional', compatibility: 'legacy' };
  return { ...row, family: 'linux', virtio: 'transitional', ahci: true, preference };
}

export const LINUX: readonly GuestOsRow[] = [
  linux({
    id: 'rhel-10',
    name: 'Red Hat Enterprise Linux 10',
    kubevirt: 'rhel.10',
    vmware: ['rhel10'],
    vbox: ['redhat10'],
    text: /(red ?hat|rhel).*\b10\b/i,
  }),
  linux({
    id: 'rhel-9',
    name: 'Red Hat Enterprise Linux 9',
    kubevirt: 'rhel.9',
    vmware: ['rhel9'],
    vbox: ['redhat9'],
    text: /(red ?hat|rhel).*\b9\b/i,
  }),
  linux({
    id: 'rhel-8',
    name: 'Red Hat Enterprise Linux 8',
    kubevirt: 'rhel.8',
    vmware: ['rhel8'],
    vbox: ['redhat8'],
    text: /(red ?hat|rhel).*\b8\b/i,
  }),
  linux({
    id: 'rhel-7',
    name: 'Red Hat Enterprise Linux 7',
    kubevirt: 'rhel.7',
    vmware: ['rhel7'],
    vbox: ['redhat7'],
    supportEnded: '2024-06-30',
    text: /(red ?hat|rhel).*\b7\b/i,
  }),
  oldLinux({
    id: 'rhel-6',
    name: 'Red Hat Enterprise Linux 6',
    vmware: ['rhel6'],
    vbox: ['redhat6'],
    supportEnded: '2020-11-30',
    text: /(red ?hat|rhel).*\b6\b/i,
  }),
  oldLinux({
    id: 'rhel-5',
    name: 'Red Hat Enterprise Linux 5',
    vmware: ['rhel5'],
    vbox: ['redhat5'],
    supportEnded: '2017-03-31',
    text: /(red ?hat|rhel).*\b5\b/i,
  }),
  legacy({
    id: 'rhel-4',
    name: 'Red Hat Enterprise Linux 4 or older',
    family: 'linux',
    vmware: ['rhel4', 'rhel3', 'rhel2', 'redhat'],
    vbox: ['redhat4', 'redhat3'],
    supportEnded: '2012-02-29',
    text: /(red ?hat|rhel).*\b[234]\b/i,
  }),
  linux({ id: 'rhel', name: 'Red Hat Enterprise Linux', generic: true, cim: [79, 80], vbox: ['redhat'], text: /red ?hat|rhel/i }),

  linux({
    id: 'centos-stream-9',
    name: 'CentOS Stream 9',
    kubevirt: 'centos.stream9',
    vmware: ['centos9'],
    text: /centos.*\b9\b/i,
  }),
  linux({
    id: 'centos-8',
    name: 'CentOS 8',
    kubevirt: 'rhel.8',
    vmware: ['centos8'],
    supportEnded: '2021-12-31',
    text: /centos.*\b8\b/i,
  }),
  linux({
    id: 'centos-7',
    name: 'CentOS 7',
    kubevirt: 'rhel.7',
    vmware: ['centos7'],
    supportEnded: '2024-06-30',
    text: /centos.*\b7\b/i,
  }),
  oldLinux({ id: 'centos-6', name: 'CentOS 6', vmware: ['centos6'], supportEnded: '2020-11-30', text: /centos.*\b6\b/i }),
  linux({ id: 'centos', name: 'CentOS', generic: true, cim: [106, 107], vmware: ['centos'], text: /centos/i }),
  linux({ id: 'rocky', name: 'Rocky Linux', vmware: ['rockylinux'], text: /rocky/i }),
  linux({ id: 'almalinux', name: 'AlmaLinux', vmware: ['almalinux'], text: /alma/i }),
  linux({
    id: 'oracle-linux-6',
    name: 'Oracle Linux 6',
    kubevirt: 'oraclelinux',
    vmware: ['oraclelinux6'],
    vbox: ['oracle6'],
    supportEnded: '2021-03-31',
    text: /oracle.*linux.*\b6\b/i,
  }),
  linux({
    id: 'oracle-linux',
    name: 'Oracle Linux',
    kubevirt: 'oraclelinux',
    cim: [108, 109],
    vmware: ['oraclelinux', 'oraclelinux7', 'oraclelinux8', 'oraclelinux9', 'oraclelinux10'],
    vbox: ['oracle', 'oracle7', 'oracle8', 'oracle9', 'oracle10'],
    text: /oracle.*linux/i,
  }),
  linux({ id: 'fedora', name: 'Fedora', kubevirt: 'fedora', vmware: ['fedora'], vbox: ['fedora'], text: /fedora/i }),
  linux({
    id: 'amazon-linux-2',
    name: 'Amazon Linux 2',
    vmware: ['amazonlinux2'],
    supportEnded: '2026-06-30',
    text: /amazon linux.*\b2\b/i,
  }),
  linux({ id: 'amazon-linux', name: 'Amazon Linux 2023', vmware: ['amazonlinux3'], text: /amazon linux/i }),

  linux({
    id: 'ubuntu',
    name: 'Ubuntu',
    kubevirt: 'ubuntu',
    cim: [93, 94],
    vmware: ['ubuntu'],
    vbox: [
      'ubuntu',
      'ubuntu16_lts',
      'ubuntu18_lts',
      'ubuntu20_lts',
      'ubuntu21',
      'ubuntu21_lts',
      'ubuntu22',
      'ubuntu22_lts',
      'ubuntu23',
      'ubuntu24_lts',
      'ubuntu24',
      'xubuntu',
    ],
    text: /ubuntu/i,
  }),
  oldLinux({
    id: 'debian-6',
    name: 'Debian 6 or older',
    vmware: ['debian4', 'debian5', 'debian6'],
    vbox: ['debian31', 'debian4', 'debian5', 'debian6'],
    supportEnded: '2016-02-29',
    text: /debian.*\b[456]\b/i,
  }),
  linux({
    id: 'debian-10',
    name: 'Debian 7 to 10',
    kubevirt: 'debian',
    vmware: ['debian7', 'debian8', 'debian9', 'debian10'],
    vbox: ['debian7', 'debian8', 'debian9', 'debian10'],
    supportEnded: '2024-06-30',
    text: /debian.*\b([789]|10)\b/i,
  }),
  linux({
    id: 'debian',
    name: 'Debian',
    kubevirt: 'debian',
    cim: [95, 96],
    vmware: ['debian11', 'debian12', 'debian13'],
    vbox: ['debian', 'debian11', 'debian12', 'debian13'],
    text: /debian/i,
  }),

  oldLinux({
    id: 'sles-11',
    name: 'SUSE Linux Enterprise 11 or older',
    vmware: ['sles', 'sles10', 'sles11', 'sld', 'nld9'],
    cim: [87],
    supportEnded: '2019-03-31',
    text: /suse.*enterprise.*\b(9|10|11)\b/i,
  }),
  linux({
    id: 'sles-12',
    name: 'SUSE Linux Enterprise 12',
    kubevirt: 'sles',
    vmware: ['sles12'],
    supportEnded: '2024-10-31',
    text: /suse.*enterprise.*\b12\b/i,
  }),
  linux({
    id: 'sles',
    name: 'SUSE Linux Enterprise',
    kubevirt: 'sles',
    cim: [84, 85, 86],
    vmware: ['sles15', 'sles16', 'oes'],
    vbox: ['suse_le'],
    text: /suse.*enterprise|\bsles\b/i,
  }),
  linux({
    id: 'opensuse',
    name: 'openSUSE',
    kubevirt: 'opensuse.leap',
    cim: [82, 83],
    vmware: ['opensuse', 'suse'],
    vbox: ['opensuse', 'opensuse_leap', 'opensuse_tumbleweed'],
    text: /suse/i,
  }),
  linux({ id: 'alpine', name: 'Alpine Linux', kubevirt: 'alpine', text: /alpine/i }),
  linux({ id: 'photon', name: 'VMware Photon OS', vmware: ['vmwarephoton'], text: /photon/i }),
  linux({ id: 'coreos', name: 'CoreOS', vmware: ['coreos', 'flatcar'], text: /coreos|flatcar/i }),
  linux({ id: 'arch', name: 'Arch Linux', vbox: ['archlinux'], text: /\barch ?linux/i }),
  linux({ id: 'gentoo', name: 'Gentoo', vbox: ['gentoo'], text: /gentoo/i }),
  linux({
    id: 'linux-modern',
    name: 'Linux with a kernel of 3.x or newer',
    vmware: [
      'other3xlinux',
      'other4xlinux',
      'other5xlinux',
      'other6xlinux',
      'asianux7',
      'asianux8',
      'asianux9',
      'crxpod1',
      'crxsys1',
    ],
  }),
  legacy({
    id: 'linux-2.4',
    name: 'Linux with a 2.4 kernel',
    family: 'linux',
    vmware: ['other24xlinux', 'turbolinux', 'mandrake'],
    cim: [97, 98, 91, 92],
    vbox: ['linux24', 'linux22', 'turbolinux'],
    supportEnded: '2011-12-31',
  }),
  // 2.6 spans kernels without virtio, with 0.9 only and with AHCI or not: nothing exact is known, so it counts as the generic Linux.
  linux({
    id: 'linux',
    name: 'Linux',
    generic: true,
    cim: [36, 37, 88, 89, 90, 99, 100, 101],
    vmware: ['otherlinux', 'other26xlinux', 'mandriva', 'asianux3', 'asianux4', 'asianux5'],
    vbox: ['linux', 'linux26', 'mandriva', 'mandriva_lx'],
    text: /linux/i,
  }),
];
