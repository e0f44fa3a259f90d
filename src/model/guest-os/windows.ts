/**
 * Windows.
 * Identifiers: VMware VirtualMachineGuestOsIdentifier (vSphere 8.0 U3) and the VMX spellings of the same; CIM_OperatingSystem.OsType of
 * CIM 2.52; VirtualBox 7.1 OSType ids. Preferences: kubevirt/common-instancetypes 1.7.0. Rows are found by text in this order.
 */
import { type GuestOsRow, legacy } from './row.ts';

/** A Windows that boots from AHCI and for which virtio-win has drivers. */
function windows(
  row: Omit<GuestOsRow, 'family' | 'virtio' | 'ahci' | 'preference'> & { readonly kubevirt?: string },
): GuestOsRow {
  const { kubevirt, ...rest } = row;
  const base: GuestOsRow = { ...rest, family: 'windows', virtio: 'installable', ahci: true };
  if (kubevirt === undefined) return base;
  return { ...base, preference: { virtio: `windows.${kubevirt}.virtio`, compatibility: `windows.${kubevirt}` } };
}

export const WINDOWS: readonly GuestOsRow[] = [
  windows({
    id: 'windows-2025',
    name: 'Windows Server 2025',
    kubevirt: '2k25',
    vmware: ['windows2022srvnext', 'windows2025srv'],
    vbox: ['windows2025'],
    text: /windows.*server.*2025/i,
  }),
  windows({
    id: 'windows-2022',
    name: 'Windows Server 2022',
    kubevirt: '2k22',
    vmware: ['windows2019srvnext', 'windows2022srv'],
    vbox: ['windows2022'],
    text: /windows.*server.*2022/i,
  }),
  windows({
    id: 'windows-2019',
    name: 'Windows Server 2019',
    kubevirt: '2k19',
    vmware: ['windows2019srv'],
    vbox: ['windows2019'],
    text: /windows.*server.*2019/i,
  }),
  windows({
    id: 'windows-2016',
    name: 'Windows Server 2016',
    kubevirt: '2k16',
    vmware: ['windows9server', 'windows9srv', 'windows2016srv'],
    cim: [118],
    vbox: ['windows2016'],
    text: /windows.*server.*2016/i,
  }),
  windows({
    id: 'windows-2012',
    name: 'Windows Server 2012',
    kubevirt: '2k12',
    vmware: ['windows8server', 'windows8srv'],
    cim: [112, 115],
    vbox: ['windows2012'],
    supportEnded: '2023-10-10',
    text: /windows.*server.*2012/i,
  }),
  windows({
    id: 'windows-2008r2',
    name: 'Windows Server 2008 R2',
    kubevirt: '2k8',
    vmware: ['windows7server', 'windows7srv'],
    cim: [103, 111],
    supportEnded: '2020-01-14',
    text: /windows.*server.*(2008 ?r2|2011)/i,
  }),
  windows({
    id: 'windows-2008',
    name: 'Windows Server 2008',
    kubevirt: '2k8',
    vmware: ['winlonghorn', 'longhorn'],
    cim: [76, 77],
    vbox: ['windows2008'],
    supportEnded: '2020-01-14',
    text: /windows.*server.*2008/i,
  }),
  windows({
    id: 'windows-11',
    name: 'Windows 11',
    kubevirt: '11',
    needsUefi: true,
    vmware: ['windows11', 'windows12'],
    vbox: ['windows11'],
    text: /windows.*\b1[12]\b/i,
  }),
  windows({
    id: 'windows-10',
    name: 'Windows 10',
    kubevirt: '10',
    vmware: ['windows9'],
    cim: [119, 120],
    vbox: ['windows10'],
    supportEnded: '2025-10-14',
    text: /windows.*\b10\b/i,
  }),
  windows({
    id: 'windows-8',
    name: 'Windows 8 or 8.1',
    kubevirt: '10',
    vmware: ['windows8'],
    cim: [113, 114, 116, 117],
    vbox: ['windows8', 'windows81'],
    supportEnded: '2023-01-10',
    text: /windows.*\b8(\.1)?\b/i,
  }),
  windows({
    id: 'windows-7',
    name: 'Windows 7',
    kubevirt: '7',
    vmware: ['windows7'],
    cim: [105],
    vbox: ['windows7'],
    supportEnded: '2020-01-14',
    text: /windows.*\b7\b/i,
  }),
  windows({
    id: 'windows-vista',
    name: 'Windows Vista',
    vmware: ['winvista'],
    cim: [73, 74],
    vbox: ['windowsvista'],
    supportEnded: '2017-04-11',
    text: /windows.*vista/i,
  }),
  {
    id: 'windows-2003',
    name: 'Windows Server 2003',
    family: 'windows',
    virtio: 'installable',
    ahci: false,
    supportEnded: '2015-07-14',
    preference: { virtio: 'windows.2k3', compatibility: 'windows.2k3' },
    vmware: ['winnetbusiness', 'winnetdatacenter', 'winnetenterprise', 'winnetstandard', 'winnetweb'],
    cim: [69, 70],
    vbox: ['windows2003'],
    text: /windows.*server.*2003/i,
  },
  {
    id: 'windows-xp',
    name: 'Windows XP',
    family: 'windows',
    virtio: 'installable',
    ahci: false,
    supportEnded: '2014-04-08',
    preference: { virtio: 'windows.xp', compatibility: 'windows.xp' },
    vmware: ['winxphome', 'winxppro'],
    cim: [67, 71, 72, 75],
    vbox: ['windowsxp'],
    text: /windows.*\bxp\b/i,
  },
  legacy({
    id: 'windows-2000',
    name: 'Windows 2000',
    family: 'windows',
    vmware: ['win2000advserv', 'win2000pro', 'win2000serv'],
    cim: [58],
    vbox: ['windows2000'],
    supportEnded: '2010-07-13',
    text: /windows.*\b2000\b/i,
  }),
  legacy({
    id: 'windows-nt',
    name: 'Windows NT, 95, 98 or Me',
    family: 'windows',
    vmware: ['winnt', 'win95', 'win98', 'winme', 'win31'],
    cim: [15, 16, 17, 18, 19, 63],
    vbox: ['windowsnt4', 'windowsnt3x', 'windows95', 'windows98', 'windowsme', 'windows31'],
    supportEnded: '2006-07-11',
    text: /windows.*\b(nt|9[58]|me|3\.1)\b/i,
  }),
];

/** "Some Windows": matches only after every exact text had its chance. */
export const ANY_WINDOWS: readonly GuestOsRow[] = [
  windows({
    id: 'windows',
    name: 'Windows',
    generic: true,
    vmware: ['windowshyperv', 'win'],
    vbox: ['windows'],
    text: /windows/i,
  }),
];
