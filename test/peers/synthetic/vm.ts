/**
 * The XML of one synthetic VM as real servers write it (`xsi:type`, device fields in schema order): about 12 KB for the properties that an
 * inventory reads. Made from templates, so that a hundred thousand of them cost the server next to nothing.
 */

/** Stands for the number of the VM, eight digits. */
const N = '{n}';
/** Stands for the last three bytes of a MAC address. */
const MAC = '{mac}';

/** Shapes that take turns: a small VM, one with three disks, one that is off, one with a snapshot and two NICs. */
export const VARIANTS = 4;

const EXTRA_CONFIG = [
  ['nvram', `server-${N}.nvram`],
  ['pciBridge0.present', 'TRUE'],
  ['pciBridge4.present', 'TRUE'],
  ['pciBridge4.virtualDev', 'pcieRootPort'],
  ['pciBridge4.functions', '8'],
  ['disk.EnableUUID', 'TRUE'],
  ['sched.swap.derivedName', `/vmfs/volumes/5f0c1d2e-aabbccdd-eeff-001122334455/server-${N}/server-${N}.vswp`],
  ['migrate.hostLog', `server-${N}.hlog`],
  ['scsi0.pciSlotNumber', '160'],
  ['ethernet0.pciSlotNumber', '192'],
  ['vmware.tools.requiredversion', '12352'],
  ['viv.moid', `c0ffee00-1111-2222-3333-444455556666:vm-${N}:k3yEmw==`],
  [
    'guestInfo.detailed.data',
    `architecture='X86' bitness='64' distroName='Debian GNU/Linux' distroVersion='12' familyName='Linux' kernelVersion='6.1.0-${N}'`,
  ],
] as const;

/** XML of each property's value, without the `val` element's name; a path that is not here is unset. */
function properties(variant: number): Readonly<Record<string, string>> {
  const off = variant === 2;
  const disks = variant === 1 ? 3 : 1;
  const nics = variant === 3 ? 2 : 1;
  return {
    name: string(`server-${N}`),
    parent: reference('Folder', 'group-v3'),
    resourcePool: reference('ResourcePool', 'resgroup-8'),
    overallStatus: typed('ManagedEntityStatus', 'green'),
    datastore: array(
      'ManagedObjectReference',
      '<ManagedObjectReference type="Datastore" xsi:type="ManagedObjectReference">datastore-11</ManagedObjectReference>',
    ),
    network: array(
      'ManagedObjectReference',
      '<ManagedObjectReference type="DistributedVirtualPortgroup" xsi:type="ManagedObjectReference">dvportgroup-21</ManagedObjectReference>',
    ),
    'config.uuid': string(`42220000-0000-4000-8000-0000${N}`),
    'config.instanceUuid': string(`50220000-0000-4000-8000-0000${N}`),
    'config.annotation': string(`Ticket ${N}: keep until the audit is over.\nOwner: platform & network`.replace('&', '&amp;')),
    'config.version': string('vmx-19'),
    'config.guestId': string('debian12_64Guest'),
    'config.template': boolean(false),
    'config.firmware': string('efi'),
    'config.changeTrackingEnabled': boolean(false),
    'config.hardware.numCPU': int(4),
    'config.hardware.numCoresPerSocket': int(2),
    'config.hardware.memoryMB': int(8192),
    'config.hardware.device': array('VirtualDevice', devices(disks, nics)),
    'config.extraConfig': array(
      'OptionValue',
      EXTRA_CONFIG.map(
        ([key, value]) =>
          `<OptionValue xsi:type="OptionValue"><key>${key}</key><value xsi:type="xsd:string">${value}</value></OptionValue>`,
      ).join(''),
    ),
    'config.bootOptions': typed(
      'VirtualMachineBootOptions',
      '<bootDelay>0</bootDelay><enterBIOSSetup>false</enterBIOSSetup><efiSecureBootEnabled>true</efiSecureBootEnabled><bootRetryEnabled>false</bootRetryEnabled><bootRetryDelay>10000</bootRetryDelay><networkBootProtocol>ipv4</networkBootProtocol>',
    ),
    'config.files': typed(
      'VirtualMachineFileInfo',
      `<vmPathName>[vsan-a] server-${N}/server-${N}.vmx</vmPathName><snapshotDirectory>[vsan-a] server-${N}/</snapshotDirectory><logDirectory>[vsan-a] server-${N}/</logDirectory>`,
    ),
    'config.cpuHotAddEnabled': boolean(false),
    'config.cpuHotRemoveEnabled': boolean(false),
    'config.memoryHotAddEnabled': boolean(false),
    'config.nestedHVEnabled': boolean(false),
    'config.cpuAllocation': allocation(),
    'config.memoryAllocation': allocation(),
    'config.memoryReservationLockedToMax': boolean(false),
    'config.latencySensitivity': typed('LatencySensitivity', '<level>normal</level>'),
    'config.flags': typed(
      'VirtualMachineFlagInfo',
      '<disableAcceleration>false</disableAcceleration><enableLogging>true</enableLogging><useToe>false</useToe><runWithDebugInfo>false</runWithDebugInfo><htSharing>any</htSharing><snapshotDisabled>false</snapshotDisabled><snapshotLocked>false</snapshotLocked><vvtdEnabled>false</vvtdEnabled><vbsEnabled>false</vbsEnabled>',
    ),
    'config.tools': typed(
      'ToolsConfigInfo',
      '<toolsVersion>12352</toolsVersion><afterPowerOn>true</afterPowerOn><syncTimeWithHostAllowed>true</syncTimeWithHostAllowed><syncTimeWithHost>false</syncTimeWithHost>',
    ),
    'runtime.host': reference('HostSystem', 'host-31'),
    'runtime.powerState': typed('VirtualMachinePowerState', off ? 'poweredOff' : 'poweredOn'),
    'runtime.connectionState': typed('VirtualMachineConnectionState', 'connected'),
    'runtime.consolidationNeeded': boolean(false),
    'runtime.faultToleranceState': typed('VirtualMachineFaultToleranceState', 'notConfigured'),
    'summary.config.guestFullName': string('Debian GNU/Linux 12 (64-bit)'),
    'summary.config.tpmPresent': boolean(false),
    'summary.storage.committed': typed('xsd:long', '23085449216'),
    'summary.quickStats.balloonedMemory': int(0),
    'guest.toolsStatus': typed('VirtualMachineToolsStatus', off ? 'toolsNotRunning' : 'toolsOk'),
    'guest.toolsRunningStatus': string(off ? 'guestToolsNotRunning' : 'guestToolsRunning'),
    'guest.toolsVersionStatus2': string('guestToolsUnmanaged'),
    ...(off ? {} : inside()),
    ...(variant === 3 ? { snapshot: snapshot() } : {}),
  };
}

/** What only a running guest tells. */
function inside(): Readonly<Record<string, string>> {
  const address =
    '<ipAddress><ipAddress>10.20.30.40</ipAddress><prefixLength>24</prefixLength><state>preferred</state></ipAddress>';
  const nic = `<GuestNicInfo><network>prod</network><ipAddress>10.20.30.40</ipAddress><ipAddress>fe80::250:56ff:fe00:1</ipAddress><macAddress>00:50:56:${MAC}</macAddress><connected>true</connected><deviceConfigId>4000</deviceConfigId><ipConfig>${address}</ipConfig></GuestNicInfo>`;
  const disk =
    '<GuestDiskInfo><diskPath>/</diskPath><capacity>31526391808</capacity><freeSpace>19058302976</freeSpace><filesystemType>ext4</filesystemType></GuestDiskInfo>';
  return {
    'guest.hostName': string(`server-${N}.example.com`),
    'guest.guestFullName': string('Debian GNU/Linux 12 (64-bit)'),
    'guest.guestFamily': string('linuxGuest'),
    'guest.net': array('GuestNicInfo', nic),
    'guest.disk': array('GuestDiskInfo', disk),
    'summary.guest.ipAddress': string('10.20.30.40'),
    'guest.ipStack': array(
      'GuestStackInfo',
      '<GuestStackInfo><dnsConfig><dhcp>false</dhcp><hostName>server</hostName><domainName>example.com</domainName><ipAddress>10.20.30.2</ipAddress></dnsConfig><ipRouteConfig><ipRoute><network>0.0.0.0</network><prefixLength>0</prefixLength><gateway><ipAddress>10.20.30.1</ipAddress><device>0</device></gateway></ipRoute></ipRouteConfig></GuestStackInfo>',
    ),
  };
}

function devices(disks: number, nics: number): string {
  const list = [
    device('VirtualIDEController', 200, 'IDE 0', '<busNumber>0</busNumber>'),
    device('VirtualIDEController', 201, 'IDE 1', '<busNumber>1</busNumber>'),
    device('VirtualPS2Controller', 300, 'PS2 controller 0', '<busNumber>0</busNumber><device>600</device><device>700</device>'),
    device(
      'VirtualPCIController',
      100,
      'PCI controller 0',
      '<busNumber>0</busNumber><device>500</device><device>12000</device><device>1000</device><device>4000</device>',
    ),
    device('VirtualSIOController', 400, 'SIO controller 0', '<busNumber>0</busNumber>'),
    device('VirtualKeyboard', 600, 'Keyboard', '<controllerKey>300</controllerKey><unitNumber>0</unitNumber>'),
    device(
      'VirtualPointingDevice',
      700,
      'Pointing device',
      '<backing xsi:type="VirtualPointingDeviceDeviceBackingInfo"><deviceName></deviceName><useAutoDetect>false</useAutoDetect><hostPointingDevice>autodetect</hostPointingDevice></backing><controllerKey>300</controllerKey><unitNumber>1</unitNumber>',
    ),
    device(
      'VirtualMachineVideoCard',
      500,
      'Video card',
      '<controllerKey>100</controllerKey><unitNumber>0</unitNumber><videoRamSizeInKB>4096</videoRamSizeInKB><numDisplays>1</numDisplays><useAutoDetect>false</useAutoDetect><enable3DSupport>false</enable3DSupport><use3dRenderer>automatic</use3dRenderer><graphicsMemorySizeInKB>262144</graphicsMemorySizeInKB>',
    ),
    device(
      'VirtualMachineVMCIDevice',
      12000,
      'VMCI device',
      '<controllerKey>100</controllerKey><unitNumber>17</unitNumber><id>-1</id><allowUnrestrictedCommunication>false</allowUnrestrictedCommunication><filterEnable>true</filterEnable>',
    ),
    device(
      'ParaVirtualSCSIController',
      1000,
      'SCSI controller 0',
      '<controllerKey>100</controllerKey><unitNumber>3</unitNumber><busNumber>0</busNumber><device>2000</device><hotAddRemove>true</hotAddRemove><sharedBus>noSharing</sharedBus><scsiCtlrUnitNumber>7</scsiCtlrUnitNumber>',
    ),
    device(
      'VirtualCdrom',
      16000,
      'CD/DVD drive 1',
      '<backing xsi:type="VirtualCdromRemotePassthroughBackingInfo"><deviceName></deviceName><useAutoDetect>false</useAutoDetect><exclusive>false</exclusive></backing><connectable><startConnected>false</startConnected><allowGuestControl>true</allowGuestControl><connected>false</connected><status>untried</status></connectable><controllerKey>200</controllerKey><unitNumber>0</unitNumber>',
    ),
    ...Array.from({ length: disks }, (_, at) => disk(at)),
    ...Array.from({ length: nics }, (_, at) => nic(at)),
  ];
  return list.join('');
}

function disk(at: number): string {
  const file = at === 0 ? `server-${N}` : `server-${N}_${at}`;
  const backing = `<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[vsan-a] server-${N}/${file}.vmdk</fileName><datastore type="Datastore">datastore-11</datastore><backingObjectId></backingObjectId><diskMode>persistent</diskMode><split>false</split><writeThrough>false</writeThrough><thinProvisioned>true</thinProvisioned><uuid>6000C29${at}-0000-4000-8000-0000${N}</uuid><contentId>0000000000000000000000000${at}${N}</contentId><digestEnabled>false</digestEnabled><sharing>sharingNone</sharing></backing>`;
  return device(
    'VirtualDisk',
    2000 + at,
    `Hard disk ${at + 1}`,
    `${backing}<controllerKey>1000</controllerKey><unitNumber>${at}</unitNumber><capacityInKB>41943040</capacityInKB><capacityInBytes>42949672960</capacityInBytes><shares><shares>1000</shares><level>normal</level></shares><storageIOAllocation><limit>-1</limit><shares><shares>1000</shares><level>normal</level></shares><reservation>0</reservation></storageIOAllocation><diskObjectId>1-200${at}</diskObjectId><nativeUnmanagedLinkedClone>false</nativeUnmanagedLinkedClone>`,
  );
}

function nic(at: number): string {
  return device(
    'VirtualVmxnet3',
    4000 + at,
    `Network adapter ${at + 1}`,
    `<backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><switchUuid>50 2d 3c 4b 5a 69 78 87-96 a5 b4 c3 d2 e1 f0 0f</switchUuid><portgroupKey>dvportgroup-21</portgroupKey><portKey>${at}${N}</portKey><connectionCookie>1880${at}</connectionCookie></port></backing><connectable><migrateConnect>unset</migrateConnect><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl><connected>true</connected><status>ok</status></connectable><controllerKey>100</controllerKey><unitNumber>${7 + at}</unitNumber><addressType>assigned</addressType><macAddress>00:5${at}:56:${MAC}</macAddress><wakeOnLanEnabled>true</wakeOnLanEnabled><resourceAllocation><reservation>0</reservation><share><shares>50</shares><level>normal</level></share><limit>-1</limit></resourceAllocation><uptCompatibilityEnabled>true</uptCompatibilityEnabled>`,
  );
}

function device(type: string, key: number, label: string, rest: string): string {
  return `<VirtualDevice xsi:type="${type}"><key>${key}</key><deviceInfo xsi:type="Description"><label>${label}</label><summary>${label}</summary></deviceInfo>${rest}</VirtualDevice>`;
}

function snapshot(): string {
  return typed(
    'VirtualMachineSnapshotInfo',
    `<currentSnapshot type="VirtualMachineSnapshot">snapshot-${N}</currentSnapshot><rootSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-${N}</snapshot><vm type="VirtualMachine">vm-${N}</vm><name>before patch</name><description></description><id>1</id><createTime>2026-01-02T03:04:05.678901Z</createTime><state>poweredOn</state><quiesced>false</quiesced><replaySupported>false</replaySupported></rootSnapshotList>`,
  );
}

function allocation(): string {
  return typed(
    'ResourceAllocationInfo',
    '<reservation>0</reservation><expandableReservation>false</expandableReservation><limit>-1</limit><shares><shares>4000</shares><level>normal</level></shares>',
  );
}

function typed(type: string, inner: string): string {
  return `xsi:type="${type}">${inner}`;
}

function string(text: string): string {
  return typed('xsd:string', text);
}

function int(value: number): string {
  return typed('xsd:int', String(value));
}

function boolean(value: boolean): string {
  return typed('xsd:boolean', String(value));
}

function reference(type: string, id: string): string {
  return `type="${type}" xsi:type="ManagedObjectReference">${id}`;
}

function array(type: string, items: string): string {
  return typed(`ArrayOf${type}`, items);
}

/** What writes one VM: its properties in the form of a page (`propSet`) or of an update (`changeSet`). */
export function vmWriter(paths: readonly string[], form: 'propSet' | 'changeSet'): (number: number) => string {
  const op = form === 'changeSet' ? '<op>assign</op>' : '';
  const templates = Array.from({ length: VARIANTS }, (_, variant) => {
    const values = properties(variant);
    const sets = paths.flatMap((path) =>
      values[path] === undefined ? [] : [`<${form}><name>${path}</name>${op}<val ${values[path]}</val></${form}>`],
    );
    const text = `<obj type="VirtualMachine">vm-${N}</obj>${sets.join('')}`;
    return text.split(N).map((part) => part.split(MAC));
  });
  return (number) => {
    const digits = String(number).padStart(8, '0');
    const mac = `${hex(number >> 16)}:${hex(number >> 8)}:${hex(number)}`;
    const template = templates[number % VARIANTS] ?? [];
    return template.map((part) => (part.length === 1 ? part[0] : part.join(mac))).join(digits);
  };
}

function hex(value: number): string {
  return (value & 0xff).toString(16).padStart(2, '0');
}
