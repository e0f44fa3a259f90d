/** A small export with everything in it, under the column names of RVTools 4.x, 3.x, and of its database switch. */
import type { Value } from './xlsx-writer.ts';

export type Record_ = Readonly<Record<string, Value>>;
export type Export = Readonly<Record<string, readonly Record_[]>>;

const VM = ['VM', 'Powerstate', 'Template', 'SRM Placeholder'];
const TAIL = [
  'Annotation',
  'Owner',
  'Host',
  'Backup status',
  'Datacenter',
  'Cluster',
  'Host',
  'Folder',
  'OS according to the configuration file',
  'OS according to the VMware Tools',
  'VM ID',
  'VM UUID',
  'VI SDK Server',
  'VI SDK UUID',
];

/** Columns in the order of RVTools 4.x, with custom attributes `Owner`, `Host` (yes) and `Backup status` between Annotation and Datacenter. */
export const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  vInfo: [
    ...VM,
    ...['Config status', 'DNS Name', 'Connection state', 'Guest state', 'Heartbeat', 'Consolidation Needed', 'PowerOn'],
    ...['Creation date', 'Change Version', 'CPUs', 'Memory', 'NICs', 'Disks', 'Total disk capacity MiB', 'Latency Sensitivity'],
    ...['EnableUUID', 'CBT', 'Primary IP Address', 'Network #1', 'Network #2', 'Num Monitors', 'Video Ram KiB', 'Resource pool'],
    ...['Folder ID', 'Folder', 'vApp', 'DAS protection', 'FT State', 'Provisioned MiB', 'In Use MiB', 'Unshared MiB'],
    ...[
      'HA Restart Priority',
      'Cluster rule(s)',
      'Cluster rule name(s)',
      'Boot delay',
      'EFI Secure boot',
      'Firmware',
      'HW version',
    ],
    ...['HW upgrade status', 'Path', 'Log directory', ...TAIL.filter((title) => title !== 'Folder'), 'SMBIOS UUID'],
  ],
  vCPU: [...VM, 'CPUs', 'Sockets', 'Cores p/s', 'Max', 'Shares', 'Reservation', 'Limit', 'Hot Add', 'Hot Remove', ...TAIL],
  vMemory: [...VM, 'Size MiB', 'Memory Reservation Locked To Max', 'Shares', 'Reservation', 'Limit', 'Hot Add', ...TAIL],
  vDisk: [
    ...[...VM, 'Disk', 'Disk Key', 'Disk UUID', 'Disk Path', 'Capacity MiB', 'Raw', 'Disk Mode', 'Sharing mode', 'Thin'],
    ...['Eagerly Scrub', 'Split', 'Write Through', 'Controller', 'Label', 'SCSI Unit #', 'Unit #', 'Shared Bus', 'Path'],
    ...['Raw LUN ID', 'Raw Comp. Mode', 'Internal Sort Column', ...TAIL],
  ],
  vPartition: [...VM, 'Disk Key', 'Disk', 'Capacity MiB', 'Consumed MiB', 'Free MiB', 'Free %', ...TAIL],
  vNetwork: [
    ...[...VM, 'NIC label', 'Adapter', 'Network', 'Switch', 'Connected', 'Starts Connected', 'Mac Address', 'Type'],
    ...['IPv4 Address', 'IPv6 Address', 'Direct Path IO', ...TAIL],
  ],
  vCD: [...VM, 'Device Node', 'Connected', 'Starts Connected', 'Device Type', ...TAIL],
  vUSB: [...VM, 'Device Node', 'Device Type', 'Connected', ...TAIL],
  vSnapshot: ['VM', 'Powerstate', 'Name', 'Description', 'Date / time', 'Size MiB (vmsn)', 'Size MiB (total)', ...TAIL],
  vTools: [...VM, 'VM Version', 'Tools', 'Tools Version', 'Upgradeable', 'Sync time', ...TAIL],
  vHost: ['Host', 'Datacenter', 'Cluster', 'in Maintenance Mode', 'Current EVC', 'ESX Version', 'Object ID'],
  vDatastore: ['Name', 'Accessible', 'Type', 'Capacity MiB', 'Provisioned MiB', 'Free MiB'],
  vPort: ['Host', 'Port Group', 'Switch', 'VLAN'],
  dvPort: ['Port', 'Switch', 'Type', 'VLAN', 'Allow Promiscuous'],
  vSwitch: ['Host', 'Switch', 'MTU'],
  dvSwitch: ['Switch', 'Max MTU'],
  vHealth: ['Name', 'Message'],
};

const WEB: Record_ = {
  VM: 'web & shop',
  'VM ID': 'vm-101',
  'VM UUID': '5012a0b1-0000-4000-8000-000000000101',
  Datacenter: 'Berlin',
  'VI SDK Server': 'vc.example.com',
};
const DB: Record_ = { ...WEB, VM: 'db', 'VM ID': 'vm-102', 'VM UUID': '5012a0b1-0000-4000-8000-000000000102' };

export const SAMPLE: Export = {
  vInfo: [
    {
      ...WEB,
      Powerstate: 'poweredOn',
      Template: false,
      'SRM Placeholder': false,
      'DNS Name': 'web.example.com',
      'Connection state': 'connected',
      'Consolidation Needed': true,
      CPUs: 4,
      Memory: 8192,
      Disks: 2,
      'Latency Sensitivity': 'high',
      EnableUUID: true,
      CBT: true,
      'Primary IP Address': '10.0.0.5',
      'Resource pool': '/Berlin/Resources/prod',
      Folder: '/Berlin/vm/shops',
      'FT State': 'notConfigured',
      'In Use MiB': 20000,
      'HA Restart Priority': 'high',
      'Cluster rule(s)': 'AntiAffinity',
      'Cluster rule name(s)': 'keep-web-apart',
      'EFI Secure boot': true,
      Firmware: 'efi',
      'HW version': 19,
      Annotation: 'The shop.\nDo not touch.',
      Owner: 'shop team',
      Cluster: 'prod',
      Host: 'esx1.example.com',
      'OS according to the configuration file': 'Red Hat Enterprise Linux 8 (64-bit)',
      'OS according to the VMware Tools': 'Rocky Linux (64-bit)',
      'SMBIOS UUID': '4212a0b1-0000-4000-8000-000000000101',
    },
    {
      ...DB,
      Powerstate: 'poweredOff',
      Template: true,
      CPUs: 2,
      Memory: 4096,
      Firmware: 'bios',
      'HW version': 'vmx-13',
      CBT: false,
      'Cluster rule(s)': 'AntiAffinity',
      'Cluster rule name(s)': 'keep-web-apart',
    },
  ],
  vCPU: [{ ...WEB, Sockets: 2, 'Cores p/s': 2, Shares: 4000, Reservation: 500, Limit: -1, 'Hot Add': true, 'Hot Remove': false }],
  vMemory: [{ ...WEB, Reservation: 1024, Limit: -1, 'Hot Add': false, 'Memory Reservation Locked To Max': true }],
  vDisk: [
    {
      ...WEB,
      Disk: 'Hard disk 1',
      'Disk Key': 2000,
      'Disk UUID': '6000C29a-1111-2222-3333-444444444444',
      'Capacity MiB': 40960,
      Raw: false,
      'Disk Mode': 'persistent',
      'Sharing mode': 'sharingNone',
      Thin: true,
      'Eagerly Scrub': false,
      Controller: 'VMware paravirtual SCSI',
      Label: 'SCSI controller 0',
      'Unit #': 0,
      'Shared Bus': 'noSharing',
      Path: '[ssd-1] web/web.vmdk',
    },
    {
      ...WEB,
      Disk: 'Hard disk 2',
      'Disk Key': 2001,
      'Capacity MiB': 102400,
      Raw: true,
      'Disk Mode': 'independent_persistent',
      'Sharing mode': 'sharingMultiWriter',
      Controller: 'LSI Logic SAS',
      Label: 'SCSI controller 1',
      'Unit #': 3,
      'Shared Bus': 'physicalSharing',
      'Disk Path': '[ssd-1] web/web_1.vmdk',
      'Raw LUN ID': '02000a0000600508b4',
      'Raw Comp. Mode': 'physicalMode',
    },
    { ...DB, Disk: 'Hard disk 1', 'Capacity MiB': 1024, Thin: false, 'Eagerly Scrub': true, Path: '[nfs] db/db.vmdk' },
  ],
  vPartition: [
    { ...WEB, 'Disk Key': 2000, Disk: '/', 'Capacity MiB': 30000, 'Consumed MiB': 12000, 'Free MiB': 18000 },
    { ...WEB, 'Disk Key': 2000, Disk: '/boot', 'Capacity MiB': 1000, 'Consumed MiB': 300, 'Free MiB': 700 },
  ],
  vNetwork: [
    {
      ...WEB,
      'NIC label': 'Network adapter 1',
      Adapter: 'Vmxnet3',
      Network: 'prod-120',
      Switch: 'dvs',
      Connected: true,
      'Starts Connected': true,
      'Mac Address': '00:50:56:AB:00:01',
      Type: 'assigned',
      'IPv4 Address': '10.0.0.5, 10.0.0.6',
      'IPv6 Address': 'fe80::1',
    },
    { ...WEB, 'NIC label': 'Network adapter 3', Adapter: 'Quantum', Network: 'VM Network', Switch: 'vSwitch0', Connected: false },
    { ...DB, 'NIC label': 'Network adapter 1', Adapter: 'E1000', Network: 'segment-7', Switch: 'nsx' },
  ],
  vCD: [{ ...WEB, 'Device Node': 'CD/DVD drive 1', Connected: true, 'Device Type': 'ISO [iso] tools.iso' }],
  vUSB: [{ ...WEB, 'Device Node': 'USB 1', 'Device Type': 'dongle' }],
  vSnapshot: [
    { ...WEB, Name: 'before update', 'Size MiB (total)': 100 },
    { ...WEB, Name: 'after', 'Size MiB (total)': 50 },
  ],
  vTools: [
    { ...WEB, Tools: 'toolsOk', 'Tools Version': 12352, Upgradeable: 'Yes', 'Sync time': false },
    { ...DB, Tools: 'toolsNotInstalled', 'Tools Version': 0 },
  ],
  vHost: [
    {
      Host: 'esx1.example.com',
      Cluster: 'prod',
      'in Maintenance Mode': false,
      'Current EVC': 'intel-skylake',
      'ESX Version': 'VMware ESXi 8.0.2 build-22380479',
    },
  ],
  vDatastore: [{ Name: 'ssd-1', Type: 'VMFS', 'Capacity MiB': 1048576, 'Free MiB': 524288, Accessible: false }],
  vPort: [
    { Host: 'esx1', 'Port Group': 'VM Network', Switch: 'vSwitch0', VLAN: 0 },
    { Host: 'esx2', 'Port Group': 'VM Network', Switch: 'vSwitch0', VLAN: 0 },
    { Host: 'esx1', 'Port Group': 'guest-tagged', Switch: 'vSwitch0', VLAN: 4095 },
  ],
  dvPort: [
    { Port: 'prod-120', Switch: 'dvs', Type: 'earlyBinding', VLAN: '120', 'Allow Promiscuous': false },
    { Port: 'trunk', Switch: 'dvs', VLAN: '10-20, 30' },
  ],
  vSwitch: [
    { Host: 'esx1', Switch: 'vSwitch0', MTU: 1500 },
    { Host: 'esx2', Switch: 'vSwitch0', MTU: 1500 },
  ],
  dvSwitch: [{ Switch: 'dvs', 'Max MTU': 9000 }],
  vHealth: [{ Name: 'web', Message: 'VMware tools are out of date' }],
};

/** Titles as RVTools 3.x wrote them. Sheets had fewer columns then. */
export function asVersion3(title: string): string {
  return title.replace('MiB', 'MB').replace('SMBIOS UUID', 'VM SMBIOS UUID');
}

/** Titles as the switch -DBColumnNames writes them, where its name is known. */
export function asDatabase(title: string, sheet: string): string {
  const known: Readonly<Record<string, string>> = {
    VM: 'VMName',
    'DNS Name': 'GuestHostName',
    'OS according to the configuration file': 'OS',
    'OS according to the VMware Tools': 'OSTools',
    Datacenter: 'DataCenter',
    'Cores p/s': 'CoresPerSocket',
    'IPv4 Address': 'IP4Address',
  };
  if (['Annotation', 'Owner', 'Backup status'].includes(title)) return title;
  return `${sheet}${known[title] ?? title.replaceAll(/[^A-Za-z0-9]/g, '')}`;
}

/** Header and rows of each sheet. A title that stands twice takes its value at the last place: the first is a custom attribute. */
export function toRows(
  sheets: Export,
  rename: (title: string, sheet: string) => string = (title) => title,
): Readonly<Record<string, readonly (readonly Value[])[]>> {
  return Object.fromEntries(
    Object.entries(sheets).map(([sheet, records]) => {
      const columns = COLUMNS[sheet] ?? Object.keys(records[0] ?? {});
      const value = (record: Record_, title: string, at: number): Value =>
        columns.lastIndexOf(title) === at ? record[title] : undefined;
      return [
        sheet,
        [
          columns.map((title) => rename(title, sheet)),
          ...records.map((record) => columns.map((title, at) => value(record, title, at))),
        ],
      ];
    }),
  );
}

/** The sample without some sheets. */
export function without(...names: readonly string[]): Export {
  return Object.fromEntries(Object.entries(SAMPLE).filter(([name]) => !names.includes(name)));
}
