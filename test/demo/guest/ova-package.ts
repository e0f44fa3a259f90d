/** An OVA the way vSphere exports one: OVF 1.0 descriptor, SHA-256 manifest, streamOptimized VMDKs. */
import { memberDigest, type TarMember, writeTar } from './tar.ts';

/** A disk of the package. */
export interface PackageDisk {
  readonly name: string;
  readonly file: string;
  /** Bytes of the file, and of the disk in it. */
  readonly size: number;
  readonly capacity: number;
}

export interface PackageOptions {
  /** VM name; the descriptor is called after it. */
  readonly name: string;
  readonly firmware: 'bios' | 'efi';
  readonly processors: number;
  readonly memoryMiB: number;
  readonly system: { readonly id: number; readonly osType: string; readonly description: string };
  /** On one PVSCSI controller, in order. */
  readonly disks: readonly PackageDisk[];
  /** VMXNET3, in order. */
  readonly cards: readonly { readonly network: string; readonly mac?: string }[];
}

/** Writes the package: descriptor, manifest, disks. */
export async function writePackage(ova: string, options: PackageOptions): Promise<void> {
  const { name, disks } = options;
  const descriptor: TarMember = { name: `${name}.ovf`, content: Buffer.from(envelope(options)) };
  const lines: string[] = [];
  for (const member of [descriptor, ...disks]) lines.push(`SHA256(${member.name})= ${await memberDigest(member)}\n`);
  await writeTar(ova, [descriptor, { name: `${name}.mf`, content: Buffer.from(lines.join('')) }, ...disks]);
}

type Item = Readonly<Record<string, string | number>>;

function envelope({ name, firmware, processors, memoryMiB, system, disks, cards }: PackageOptions): string {
  const items: readonly Item[] = [
    {
      ...{ AllocationUnits: 'hertz * 10^6', ElementName: `${processors} virtual CPUs` },
      ...{ InstanceID: 1, ResourceType: 3, VirtualQuantity: processors },
    },
    {
      ...{ AllocationUnits: 'byte * 2^20', ElementName: `${memoryMiB} MB of memory` },
      ...{ InstanceID: 2, ResourceType: 4, VirtualQuantity: memoryMiB },
    },
    { Address: 0, ElementName: 'SCSI controller 0', InstanceID: 3, ResourceSubType: 'VirtualSCSI', ResourceType: 6 },
    ...disks.map((_, at) => ({
      ...{ AddressOnParent: at, ElementName: `Hard disk ${at + 1}`, HostResource: `ovf:/disk/vmdisk${at + 1}` },
      ...{ InstanceID: 10 + at, Parent: 3, ResourceType: 17 },
    })),
    ...cards.map(({ network, mac }, at) => ({
      ...{ ...(mac && { Address: mac }), AddressOnParent: 7 + at, AutomaticAllocation: 'true', Connection: network },
      ...{ ElementName: `Network adapter ${at + 1}`, InstanceID: 30 + at, ResourceSubType: 'VmxNet3', ResourceType: 10 },
    })),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
${disks.map((disk, at) => `    <File ovf:id="file${at + 1}" ovf:href="${disk.name}" ovf:size="${disk.size}"/>`).join('\n')}
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
${disks.map(diskElement).join('\n')}
  </DiskSection>
  <NetworkSection>
    <Info>Logical networks</Info>
${cards.map(({ network }) => `    <Network ovf:name="${network}"/>`).join('\n')}
  </NetworkSection>
  <VirtualSystem ovf:id="${name}">
    <Info>A virtual machine</Info>
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="${system.id}" vmw:osType="${system.osType}">
      <Info>Guest operating system</Info>
      <Description>${system.description}</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType>
      </System>
${items.map(itemElement).join('\n')}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="${firmware}"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

function diskElement({ capacity }: PackageDisk, at: number): string {
  return `    <Disk ovf:diskId="vmdisk${at + 1}" ovf:fileRef="file${at + 1}" ovf:capacity="${capacity}"
        ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`;
}

function itemElement(item: Item): string {
  const lines = Object.entries(item).map(([key, value]) => `        <rasd:${key}>${value}</rasd:${key}>`);
  return `      <Item>\n${lines.join('\n')}\n      </Item>`;
}
