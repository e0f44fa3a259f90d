/** Where a fact is read, by the beginning of its path: the catalogue's column. Names are those of the systems' own interfaces. */
const SOURCES: Readonly<Record<string, string>> = {
  power: 'vSphere `runtime.powerState`; Hyper-V `State`; VMX checkpoint files',
  connection: 'vSphere `runtime.connectionState`',
  question: 'vSphere `runtime.question`',
  isTemplate: 'vSphere `config.template`',
  encrypted: 'vSphere `config.keyId`; VMX `encryption.*`',
  name: 'vSphere `name`; Hyper-V `Name`; OVF `Name`; VMX `displayName`',
  packaging: 'OVF envelope and manifest',
  placement: 'vSphere inventory folders, resource pools and DRS rules; Hyper-V cluster',
  'placement.hostRules': 'vSphere `ClusterVmHostRuleInfo`; Hyper-V possible owners',
  'placement.vApp': 'vSphere `parentVApp`',
  availability: 'vSphere cluster configuration (`dasConfig`, `drsConfig`, `dpmConfigInfo`); Hyper-V `Get-ClusterGroup`',
  'availability.faultTolerance': 'vSphere `runtime.faultToleranceState`',
  'availability.replication': 'Hyper-V `ReplicationMode`, `ReplicationState`',
  'availability.highAvailability': 'vSphere `dasConfig`; Hyper-V `IsClustered`, `Get-ClusterGroup`',
  cpu: 'vSphere `config.hardware`; Hyper-V `Get-VMProcessor`; OVF processor item; VMX `numvcpus`',
  'cpu.affinity': 'vSphere `config.cpuAffinity`; VMX `sched.cpu.affinity`',
  'cpu.hotAdd':
    'vSphere `config.cpuHotAddEnabled`, `cpuHotRemoveEnabled`, `memoryHotAddEnabled`; VMX `vcpu.hotadd`, `mem.hotadd`',
  'cpu.nestedVirtualization': 'vSphere `config.nestedHVEnabled`; Hyper-V `ExposeVirtualizationExtensions`; VMX `vhv.enable`',
  'cpu.latencySensitivity': 'vSphere `config.latencySensitivity`',
  'cpu.reservationMhz':
    'vSphere `config.cpuAllocation`, `memoryAllocation`; Hyper-V `Reserve`, `Maximum`; OVF `Reservation`, `Limit`',
  'cpu.numaNodes': 'vSphere `config.numaInfo`; Hyper-V `MaximumCountPerNumaNode`; VMX `numa.*`',
  'cpu.numaAffinity': 'vSphere extraConfig `numa.nodeAffinity`',
  'cpu.threadsPerCore': 'Hyper-V `HwThreadCountPerCore`',
  'cpu.evcMode': 'vSphere EVC of VM and cluster; Hyper-V `CompatibilityForMigrationEnabled`',
  'cpu.performanceCounters': 'vSphere `config.vPMCEnabled`',
  memory: 'vSphere `config.hardware.memoryMB`; Hyper-V `Get-VMMemory`; OVF memory item; VMX `memsize`',
  'memory.dynamic': 'Hyper-V `DynamicMemoryEnabled`, `Minimum`, `Maximum`',
  'memory.ballooned': 'vSphere `summary.quickStats.balloonedMemory`',
  firmware:
    'vSphere `config.firmware`, `config.bootOptions`; Hyper-V generation, `Get-VMFirmware`; OVF `vmw:Config`; VMX `firmware`',
  'firmware.secureBootTemplate': 'Hyper-V `SecureBootTemplate`',
  'firmware.tpm': 'vSphere `summary.config.tpmPresent`; Hyper-V `TpmEnabled`; VMX `managedVM`, `vtpm`',
  'firmware.shielded': 'Hyper-V `Get-VMSecurity` `Shielded`',
  'firmware.isolation': 'Hyper-V `GuestStateIsolationType`, `EncryptStateAndVmMigrationTraffic`',
  'firmware.vbs': 'vSphere `config.flags.vbsEnabled`; Hyper-V `VirtualizationBasedSecurityOptOut`',
  'firmware.iommu': 'vSphere `config.flags.vvtdEnabled`',
  identity: 'vSphere `config.uuid`; Hyper-V `BIOSGUID`, `BIOSSerialNumber`; VMX `uuid.bios`',
  clock: 'VMX `rtc.*`; VirtualBox `RTC`',
  guest: 'vSphere `config.guestId`, `guest.*`; Hyper-V key-value pairs (KVP); OVF operating system section; VMX `guestOS`',
  'guest.filesystems': 'vSphere `guest.disk`, reported by VMware Tools',
  'guest.tools': 'vSphere `guest.toolsRunningStatus`, `toolsVersionStatus2`, `config.tools`; Hyper-V `Get-VMIntegrationService`',
  'guest.hostname': 'vSphere `guest.hostName`; Hyper-V KVP `FullyQualifiedDomainName`',
  controllers: 'vSphere `sharedBus` of the controller; OVF controller items; VMX `scsiN.sharedBus`',
  disks: 'vSphere `config.hardware.device`; Hyper-V `Get-VMHardDiskDrive`, `Get-VHD`; OVF disk section; image headers',
  'disks[].storage': 'vSphere datastore of the backing, mapped by the storage map',
  'disks[].mode': 'vSphere `diskMode`; VMX `mode`',
  'disks[].shared': 'vSphere `sharing`, `sharedBus`; Hyper-V `SupportPersistentReservations`',
  'disks[].sharing': 'vSphere `sharing` (multi-writer); Hyper-V `SupportPersistentReservations`, `.vhds` files',
  'disks[].passthrough': 'vSphere raw device mapping; Hyper-V `DiskNumber`',
  'disks[].parents': 'vSphere `parent` of the backing; `ParentPath` of VHD(X); VMDK `parentFileNameHint`',
  'disks[].changeTracking': 'vSphere `config.changeTrackingEnabled`, extraConfig `ctkEnabled`; Hyper-V RCT id',
  'disks[].sectorSize': '`LogicalSectorSize` of VHDX; vSphere 4Kn devices',
  'disks[].serial': 'vSphere `uuid` of the backing',
  'disks[].iopsLimit': 'vSphere `storageIOAllocation`; Hyper-V `MaximumIOPS`, `MinimumIOPS`',
  'disks[].inUse': 'Hyper-V `Get-VHD` `Attached`',
  'disks[].unreadable': 'Hyper-V: why `Get-VHD` failed',
  'disks[].pmem': 'Hyper-V `IsPMEMCompatible`; vSphere NVDIMM backing',
  'disks[].managedVolume': 'vSphere `vDiskId`, `config.vmStorageObjectId`',
  'disks[].encrypted': 'vSphere `keyId` of the backing; qcow2 and VMDK headers',
  cdroms: 'vSphere CD-ROM backing; Hyper-V `Get-VMDvdDrive`; VMX `ideN:M.fileName`',
  nics: 'vSphere `config.hardware.device`; Hyper-V `Get-VMNetworkAdapter`; OVF network items; VMX `ethernetN.*`',
  'nics[].network':
    'vSphere port group, segment and switch; Hyper-V `Get-VMNetworkAdapterVlan`, `Get-VMSwitch`; mapped by the network map',
  'nics[].addresses': 'vSphere `guest.net`; Hyper-V `Msvm_GuestNetworkAdapterConfiguration`',
  'nics[].mac': 'vSphere `macAddress`; Hyper-V `MacAddress`; VMX `ethernetN.address`',
  'nics[].macSpoofing': 'Hyper-V `MacAddressSpoofing`; vSphere forged transmits',
  'nics[].bandwidthLimit': 'vSphere `resourceAllocation`; Hyper-V `BandwidthSetting`',
  'nics[].teaming': 'Hyper-V `AllowTeaming`',
  'nics[].sriovOffload': 'Hyper-V `IovWeight`',
  'nics[].portPolicies': 'Hyper-V `DhcpGuard`, `RouterGuard`, port mirroring; vSphere dvPort policies',
  'nics[].startConnected': 'vSphere `connectable.startConnected`; VMX `ethernetN.startConnected`',
  devices: 'vSphere `config.hardware.device`; Hyper-V `Get-VMAssignableDevice` and its like; OVF items; VMX',
  snapshots: 'vSphere `snapshot`, `runtime.consolidationNeeded`; Hyper-V `Get-VMSnapshot`',
  inspection: 'a look into the disks (`--inspect`)',
  platform: 'vSphere `config.version`; Hyper-V `Version`; OVF `VirtualSystemType`; VMX `virtualHW.version`',
  extras: 'settings that were read and have no field of their own',
  networks: 'networks of all NICs together',
  networkMap: 'the network map',
  storageMap: 'the storage map',
  options: 'the command line, or the plan',
  facts: '`kubeferry facts`: what the cluster has',
  vms: 'all VMs of the plan',
  VirtualMachine: 'the manifest, and the cluster’s facts',
  PersistentVolumeClaim: 'the manifest, and the cluster’s facts',
};

/** Where the fact of a subject is read; the longest path that it begins with decides. @throws Error for a subject that no row is about */
export function factSource(subject: string): string {
  for (let path = subject; path !== ''; path = parentOf(path)) {
    const source = SOURCES[path];
    if (source !== undefined) return source;
  }
  throw new Error(`nobody says where ${subject} is read`);
}

/** `disks[].mode` → `disks[]` → `disks` → nothing. */
function parentOf(path: string): string {
  if (path.endsWith('[]')) return path.slice(0, -2);
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('/')));
}
