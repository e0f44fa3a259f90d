/** VMs with hardware that a migration has to notice, as edits of a plain VM: one PVSCSI controller (key 202), one disk (204), one E1000 (4000). */
import { all, device, type Edit, inConfig, inDevice, inGuest, replace } from './edit.ts';

/** Where VMs can be plugged in, by managed object id. */
export interface Plugs {
  readonly trunk: string;
  readonly privateVlan: string;
  /** Id of the opaque network's segment. */
  readonly segment: string;
  readonly opaqueNetwork: string;
  /** Port group that stands for an NSX segment. */
  readonly nsxPortgroup: string;
}

const SHARED = '[LocalDS_0] shared/quorum.vmdk';
export const CHANGE_ID = '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81';

/** One edit a VM; the key is the VM's name, with `%2f` and `%25` as vSphere writes a slash and a percent sign. */
export function oddVms(plugs: Plugs): Readonly<Record<string, Edit>> {
  return {
    'rdm-virtual': inDevice('VirtualDisk', rdm('virtualMode')),
    'rdm-physical': inDevice('VirtualDisk', rdm('physicalMode')),
    'independent-disk': inDevice('VirtualDisk', replace(/<diskMode>persistent/, '<diskMode>independent_persistent')),
    'nonpersistent-disk': inDevice('VirtualDisk', replace(/<diskMode>persistent/, '<diskMode>independent_nonpersistent')),
    nvme: all(
      device(
        'VirtualNVMEController',
        31000,
        'NVME controller 0',
        '<controllerKey>100</controllerKey><unitNumber>30</unitNumber><busNumber>0</busNumber><device>32000</device>',
      ),
      disk(32000, 31000, 0, '[LocalDS_0] nvme/data.vmdk'),
    ),
    'sata-disk': all(
      device(
        'VirtualAHCIController',
        15000,
        'SATA controller 0',
        '<controllerKey>100</controllerKey><unitNumber>24</unitNumber><busNumber>0</busNumber>',
      ),
      disk(16001, 15000, 1, '[LocalDS_0] sata/data.vmdk'),
    ),
    vtpm: all(device('VirtualTPM', 11000, 'Virtual TPM', ''), inConfig(keyId), secureBoot),
    'efi-secure-boot': secureBoot,
    'pci-passthrough': device(
      'VirtualPCIPassthrough',
      13000,
      'PCI device 0',
      `<backing xsi:type="VirtualPCIPassthroughDeviceBackingInfo">${pciFunction('0000:3b:00.0')}</backing><controllerKey>100</controllerKey><unitNumber>18</unitNumber>`,
    ),
    vgpu: device(
      'VirtualPCIPassthrough',
      13000,
      'PCI device 0',
      '<backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo"><vgpu>grid_a100-10c</vgpu></backing><controllerKey>100</controllerKey><unitNumber>18</unitNumber>',
    ),
    sriov: device(
      'VirtualSriovEthernetCard',
      4001,
      'Network adapter 2',
      `${nic(1)}<sriovBacking><physicalFunctionBacking>${pciFunction('0000:5e:00.1')}</physicalFunctionBacking></sriovBacking>`,
    ),
    'shared-a': shared,
    'shared-b': shared,
    'shared-bus': replace(/<sharedBus>noSharing/, '<sharedBus>physicalSharing'),
    encrypted: all(inConfig(keyId), inDevice('VirtualDisk', replace(/<digestEnabled>/, `${keyId}<digestEnabled>`))),
    'sixty-disks': all(
      ...Array.from({ length: 4 }, (_, bus) => controller(bus)),
      ...Array.from({ length: 59 }, (_, at) =>
        disk(5000 + at, 1100 + Math.floor(at / 15), slot(at % 15), `[LocalDS_0] sixty/disk-${at}.vmdk`),
      ),
    ),
    'ten-nics': all(
      ...Array.from({ length: 9 }, (_, at) => device('VirtualVmxnet3', 4001 + at, `Network adapter ${at + 2}`, nic(at + 1))),
    ),
    'Ünïcødé 日本 🚢 "quoted" & <tagged>': (xml) => xml,
    'slash%2fpercent%25name': (xml) => xml,
    template: all(
      replace(/<template>false<\/template>/, '<template>true</template>'),
      inSummary('<template>false</template>', '<template>true</template>'),
    ),
    tracked: all(
      inConfig('<changeTrackingEnabled>true</changeTrackingEnabled>'),
      inDevice('VirtualDisk', replace(/<digestEnabled>/, `<changeId>${CHANGE_ID}</changeId><digestEnabled>`)),
    ),
    'on-trunk': plug(plugs.trunk),
    'on-private-vlan': plug(plugs.privateVlan),
    'on-nsx-portgroup': plug(plugs.nsxPortgroup),
    'on-nsx-segment': all(
      inDevice(
        'VirtualE1000',
        replace(
          /<backing [\s\S]*<\/backing>/,
          `<backing xsi:type="VirtualEthernetCardOpaqueNetworkBackingInfo"><opaqueNetworkId>${plugs.segment}</opaqueNetworkId><opaqueNetworkType>nsx.LogicalSwitch</opaqueNetworkType></backing>`,
        ),
      ),
      replace(
        /<ManagedObjectReference type="DistributedVirtualPortgroup">[^<]*<\/ManagedObjectReference>/,
        `<ManagedObjectReference type="OpaqueNetwork">${plugs.opaqueNetwork}</ManagedObjectReference>`,
      ),
    ),
    disconnected: (xml) => xml.replaceAll('<connectionState>connected<', '<connectionState>disconnected<'),
    'pinned-cpus': inConfig(
      '<cpuAffinity><affinitySet>2</affinitySet><affinitySet>3</affinitySet></cpuAffinity><memoryReservationLockedToMax>true</memoryReservationLockedToMax><cpuHotAddEnabled>true</cpuHotAddEnabled><memoryHotAddEnabled>true</memoryHotAddEnabled><nestedHVEnabled>true</nestedHVEnabled>',
    ),
    'known-guest': inGuest(
      '<hostName>erp.example.com</hostName><ipAddress>10.1.2.3</ipAddress><ipStack><dnsConfig><dhcp>false</dhcp><hostName>erp</hostName><domainName>example.com</domainName><ipAddress>10.1.2.1</ipAddress></dnsConfig><ipRouteConfig><ipRoute><network>0.0.0.0</network><prefixLength>0</prefixLength><gateway><ipAddress>10.1.2.254</ipAddress><device>0</device></gateway></ipRoute></ipRouteConfig></ipStack><disk><diskPath>C:\\</diskPath><capacity>42949672960</capacity><freeSpace>21474836480</freeSpace></disk>',
    ),
  };
}

const keyId = '<keyId><keyId>3f2504e0-4f89-11d3-9a0c-0305e82c3301</keyId><providerId><id>kms-1</id></providerId></keyId>';

const secureBoot = all(
  replace(/<bootOptions><\/bootOptions>/, '<bootOptions><efiSecureBootEnabled>true</efiSecureBootEnabled></bootOptions>'),
  replace(/<firmware>bios<\/firmware>/, '<firmware>efi</firmware>'),
);

const shared = all(controller(0, 'physicalSharing'), disk(5000, 1100, 0, SHARED, '<sharing>sharingMultiWriter</sharing>'));

function rdm(mode: string): Edit {
  const backing = `<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo"><fileName>[LocalDS_0] rdm/rdm.vmdk</fileName><lunUuid>0200000000600508b1001c1234567890abcdef00004c4f474943</lunUuid><deviceName>vml.0200000000600508b1001c1234567890abcdef</deviceName><compatibilityMode>${mode}</compatibilityMode><diskMode>${mode === 'physicalMode' ? 'independent_persistent' : 'persistent'}</diskMode></backing>`;
  return replace(/<backing [\s\S]*<\/backing>/, backing);
}

function disk(key: number, controllerKey: number, unit: number, file: string, extra = ''): Edit {
  const backing = `<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>${file}</fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned><uuid>6000C29a-0000-4000-8000-${String(key).padStart(12, '0')}</uuid>${extra}</backing>`;
  return device(
    'VirtualDisk',
    key,
    `Hard disk ${key}`,
    `${backing}<controllerKey>${controllerKey}</controllerKey><unitNumber>${unit}</unitNumber><capacityInKB>1048576</capacityInKB><capacityInBytes>1073741824</capacityInBytes>`,
  );
}

function controller(bus: number, sharing = 'noSharing'): Edit {
  return device(
    'ParaVirtualSCSIController',
    1100 + bus,
    `SCSI controller ${bus + 1}`,
    `<controllerKey>100</controllerKey><unitNumber>${4 + bus}</unitNumber><busNumber>${bus + 1}</busNumber><sharedBus>${sharing}</sharedBus><scsiCtlrUnitNumber>7</scsiCtlrUnitNumber>`,
  );
}

/** Unit 7 is the controller itself. */
function slot(at: number): number {
  return at < 7 ? at : at + 1;
}

function nic(at: number): string {
  return `<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName></backing><connectable><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl><connected>true</connected></connectable><controllerKey>100</controllerKey><unitNumber>${7 + at}</unitNumber><addressType>manual</addressType><macAddress>00:50:56:01:02:0${at}</macAddress>`;
}

function pciFunction(id: string): string {
  return `<deviceName></deviceName><id>${id}</id><deviceId>1eb8</deviceId><systemId>5f0c1d2e-aabb-ccdd-eeff-001122334455</systemId><vendorId>4318</vendorId>`;
}

function plug(portgroup: string): Edit {
  return (xml) =>
    xml.replaceAll(
      /(<portgroupKey>|type="DistributedVirtualPortgroup">)dvportgroup-\d+/g,
      (_all, before: string) => `${before}${portgroup}`,
    );
}

/** The summary tells some facts again, after the configuration. */
function inSummary(from: string, to: string): Edit {
  return (xml) => {
    const at = xml.indexOf('VirtualMachineSummary');
    return xml.slice(0, at) + xml.slice(at).replace(from, to);
  };
}
