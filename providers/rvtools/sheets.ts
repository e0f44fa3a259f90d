/**
 * Which sheets and columns are read, by all names that RVTools 3.x and 4.x give them. Sheets not named here (vHBA, vRP, vHealth, …)
 * say nothing about a VM. Names are compared without case, blanks and signs, and without the sheet's name in front (the `-DBColumnNames` switch
 * writes `vInfoVMName`). MB and MiB are one: version 4.0 corrected the label, not the number.
 */

export interface Column {
  /** As RVTools 4.x writes it. */
  readonly title: string;
  /** Other names, normalised. */
  readonly also?: readonly string[];
  /** What it is needed for; set when it must be there. */
  readonly need?: string;
}

export interface Sheet {
  readonly columns: Readonly<Record<string, Column>>;
  /** What it is needed for; set when a workbook must have it. */
  readonly need?: string;
}

/** Tells to which VM a row belongs. */
const IDENTITY = {
  vm: { title: 'VM', also: ['vmname'], need: 'the name of the VM' },
  vmId: { title: 'VM ID', also: ['vmid', 'objectid'] },
  vmUuid: { title: 'VM UUID', also: ['uuid'] },
  datacenter: { title: 'Datacenter' },
  server: { title: 'VI SDK Server' },
} as const satisfies Sheet['columns'];

export const SHEETS = {
  vInfo: {
    need: 'the list of VMs',
    columns: {
      ...IDENTITY,
      smbiosUuid: { title: 'SMBIOS UUID', also: ['vmsmbiosuuid'] },
      power: { title: 'Powerstate' },
      template: { title: 'Template' },
      placeholder: { title: 'SRM Placeholder' },
      connection: { title: 'Connection state' },
      dnsName: { title: 'DNS Name', also: ['guesthostname'] },
      consolidation: { title: 'Consolidation Needed' },
      created: { title: 'Creation date', also: ['createdate'] },
      cpus: { title: 'CPUs', need: 'the number of virtual CPUs' },
      memory: { title: 'Memory', also: ['memorymib'], need: 'the size of the memory' },
      nics: { title: 'NICs' },
      disks: { title: 'Disks', also: ['numvirtualdisks'] },
      diskTotal: { title: 'Total disk capacity MiB' },
      latency: { title: 'Latency Sensitivity' },
      enableUuid: { title: 'EnableUUID' },
      cbt: { title: 'CBT' },
      primaryIp: { title: 'Primary IP Address', also: ['primaryip'] },
      network1: { title: 'Network #1' },
      network2: { title: 'Network #2' },
      network3: { title: 'Network #3' },
      network4: { title: 'Network #4' },
      network5: { title: 'Network #5' },
      network6: { title: 'Network #6' },
      network7: { title: 'Network #7' },
      network8: { title: 'Network #8' },
      monitors: { title: 'Num Monitors' },
      videoRam: { title: 'Video Ram KiB' },
      pool: { title: 'Resource pool' },
      folder: { title: 'Folder' },
      vApp: { title: 'vApp' },
      das: { title: 'DAS protection' },
      faultTolerance: { title: 'FT State' },
      provisioned: { title: 'Provisioned MiB', also: ['provisioned'] },
      inUse: { title: 'In Use MiB', also: ['inuse'] },
      haPriority: { title: 'HA Restart Priority' },
      haIsolation: { title: 'HA Isolation Response' },
      haMonitoring: { title: 'HA VM Monitoring' },
      rules: { title: 'Cluster rule(s)' },
      ruleNames: { title: 'Cluster rule name(s)' },
      bootDelay: { title: 'Boot delay' },
      secureBoot: { title: 'EFI Secure boot' },
      firmware: { title: 'Firmware' },
      hardware: { title: 'HW version', also: ['hwversion', 'version'] },
      path: { title: 'Path' },
      notes: { title: 'Annotation', also: ['notes'] },
      cluster: { title: 'Cluster' },
      host: { title: 'Host' },
      os: { title: 'OS according to the configuration file', also: ['os', 'osconfig'] },
      osTools: { title: 'OS according to the VMware Tools', also: ['ostools'] },
      sdkUuid: { title: 'VI SDK UUID' },
    },
  },
  vCPU: {
    columns: {
      ...IDENTITY,
      coresPerSocket: { title: 'Cores p/s', also: ['corespersocket'] },
      sockets: { title: 'Sockets' },
      reservation: { title: 'Reservation' },
      limit: { title: 'Limit' },
      hotAdd: { title: 'Hot Add' },
      hotRemove: { title: 'Hot Remove' },
      shares: { title: 'Shares' },
      numaExposed: { title: 'Numa Hotadd Exposed' },
    },
  },
  vMemory: {
    columns: {
      ...IDENTITY,
      reservation: { title: 'Reservation' },
      limit: { title: 'Limit' },
      hotAdd: { title: 'Hot Add' },
      locked: { title: 'Memory Reservation Locked To Max' },
      ballooned: { title: 'Ballooned' },
      shares: { title: 'Shares' },
    },
  },
  vDisk: {
    need: 'disks, their sizes and datastores',
    columns: {
      ...IDENTITY,
      label: { title: 'Disk', also: ['diskname'] },
      key: { title: 'Disk Key' },
      uuid: { title: 'Disk UUID' },
      diskPath: { title: 'Disk Path' },
      capacity: { title: 'Capacity MiB', also: ['capacity'], need: 'the size of each disk' },
      raw: { title: 'Raw' },
      mode: { title: 'Disk Mode' },
      sharing: { title: 'Sharing mode', also: ['sharing'] },
      thin: { title: 'Thin' },
      eager: { title: 'Eagerly Scrub' },
      split: { title: 'Split' },
      writeThrough: { title: 'Write Through' },
      controller: { title: 'Controller' },
      controllerLabel: { title: 'Label', also: ['scsilabel', 'controllerlabel'] },
      scsiUnit: { title: 'SCSI Unit #' },
      unit: { title: 'Unit #', also: ['unitnumber'] },
      sharedBus: { title: 'Shared Bus' },
      path: { title: 'Path' },
      rawLun: { title: 'Raw LUN ID' },
      rawMode: { title: 'Raw Comp. Mode', also: ['rawcompatibilitymode'] },
    },
  },
  vPartition: {
    columns: {
      ...IDENTITY,
      diskKey: { title: 'Disk Key' },
      path: { title: 'Disk' },
      capacity: { title: 'Capacity MiB', also: ['capacity'] },
      consumed: { title: 'Consumed MiB', also: ['consumed'] },
      free: { title: 'Free MiB' },
    },
  },
  vNetwork: {
    need: 'network cards and their networks',
    columns: {
      ...IDENTITY,
      label: { title: 'NIC label', also: ['label'] },
      adapter: { title: 'Adapter' },
      network: { title: 'Network', also: ['name'], need: 'the network of each card' },
      switch: { title: 'Switch' },
      connected: { title: 'Connected' },
      startConnected: { title: 'Starts Connected', also: ['startconnected'] },
      mac: { title: 'Mac Address', also: ['mac'] },
      macType: { title: 'Type', also: ['macaddresstype', 'mactype'] },
      ipv4: { title: 'IPv4 Address', also: ['ip4address', 'ipaddress'] },
      ipv6: { title: 'IPv6 Address', also: ['ip6address'] },
      directPath: { title: 'Direct Path IO' },
    },
  },
  vCD: {
    columns: {
      ...IDENTITY,
      label: { title: 'Device Node', also: ['label'] },
      connected: { title: 'Connected' },
      type: { title: 'Device Type', also: ['summary'] },
    },
  },
  vUSB: {
    columns: { ...IDENTITY, label: { title: 'Device Node', also: ['label'] }, type: { title: 'Device Type', also: ['summary'] } },
  },
  vFloppy: {
    columns: { ...IDENTITY, label: { title: 'Device Node', also: ['label'] }, type: { title: 'Device Type', also: ['summary'] } },
  },
  vSnapshot: {
    columns: { ...IDENTITY, name: { title: 'Name' }, size: { title: 'Size MiB (total)', also: ['sizemib', 'sizetotal'] } },
  },
  vTools: {
    columns: {
      ...IDENTITY,
      status: { title: 'Tools', also: ['status'] },
      version: { title: 'Tools Version', also: ['version'] },
      upgradeable: { title: 'Upgradeable' },
      syncTime: { title: 'Sync time' },
    },
  },
  vHost: {
    columns: {
      host: { title: 'Host', also: ['name'] },
      cluster: { title: 'Cluster' },
      evc: { title: 'Current EVC' },
      maintenance: { title: 'in Maintenance Mode' },
      version: { title: 'ESX Version', also: ['esxversion', 'fullname'] },
    },
  },
  vDatastore: {
    columns: {
      name: { title: 'Name' },
      type: { title: 'Type' },
      capacity: { title: 'Capacity MiB', also: ['capacity'] },
      free: { title: 'Free MiB' },
      accessible: { title: 'Accessible' },
    },
  },
  vSwitch: { columns: { name: { title: 'Switch' }, mtu: { title: 'MTU' } } },
  dvSwitch: { columns: { name: { title: 'Switch' }, mtu: { title: 'Max MTU' } } },
  vPort: {
    columns: {
      promiscuous: { title: 'Promiscuous Mode' },
      name: { title: 'Port Group', also: ['portgroup'] },
      switch: { title: 'Switch' },
      vlan: { title: 'VLAN' },
    },
  },
  dvPort: {
    columns: {
      name: { title: 'Port', also: ['name'] },
      switch: { title: 'Switch' },
      promiscuous: { title: 'Allow Promiscuous' },
      vlan: { title: 'VLAN' },
    },
  },
} as const satisfies Readonly<Record<string, Sheet>>;

export type SheetName = keyof typeof SHEETS;

export const SHEET_NAMES = Object.keys(SHEETS) as readonly SheetName[];

/** Sheets with rows of VMs, besides vInfo. */
export const VM_SHEETS = [
  'vCPU',
  'vMemory',
  'vDisk',
  'vPartition',
  'vNetwork',
  'vCD',
  'vUSB',
  'vFloppy',
  'vSnapshot',
  'vTools',
] as const satisfies readonly SheetName[];

export type VmSheet = (typeof VM_SHEETS)[number];

/** Columns of vInfo that are known and not read: neither facts of the VM nor custom attributes. */
export const OTHER_INFO_COLUMNS = [
  'Config status',
  'Guest state',
  'Heartbeat',
  'PowerOn',
  'Suspended To Memory',
  'Suspend time',
  'Suspend Interval',
  'Change Version',
  'Overall Cpu Readiness',
  'Active Memory',
  'Fixed Passthru HotPlug',
  'min Required EVC Mode Key',
  'Op Notification Timeout',
  'Folder ID',
  'FT Role',
  'FT Latency',
  'FT Bandwidth',
  'FT Sec. Latency',
  'Vm Failover In Progress',
  'Unshared MiB',
  'Boot Required',
  'Boot retry delay',
  'Boot retry enabled',
  'Boot BIOS setup',
  'Reboot PowerOff',
  'HW upgrade status',
  'HW upgrade policy',
  'HW target',
  'Log directory',
  'Snapshot directory',
  'Suspend directory',
  'Customization Info',
  'Guest Detailed Data',
  'VI SDK Server type',
  'VI SDK API Version',
  'Object ID',
  'VMRef',
];
