/** Packs a guest as vSphere exports one with its MAC addresses: OVF 1.0 descriptor, SHA-256 manifest, streamOptimized VMDKs, in one OVA. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { memberDigest, type TarMember, writeTar } from '../../demo/guest/tar.ts';
import { exportGuest, GUEST_CARDS, type GuestRecipe } from '../guests.ts';

/** Writes the guest that is on `disks` (raw, in order) to `ova`; the VM is called like the file. */
export async function packageGuest(recipe: GuestRecipe, disks: readonly string[], ova: string): Promise<void> {
  const name = path.basename(ova, '.ova');
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-package-'));
  try {
    const images: Image[] = [];
    for (const [at, disk] of disks.entries()) {
      const member = { name: `${name}-disk${at + 1}.vmdk`, file: path.join(folder, `disk${at}.vmdk`) };
      await exportGuest(disk, 'vmdk', member.file);
      images.push({ ...member, size: (await stat(member.file)).size, capacity: (await stat(disk)).size });
    }
    const descriptor: TarMember = { name: `${name}.ovf`, content: Buffer.from(envelope(name, recipe, images)) };
    const lines: string[] = [];
    for (const member of [descriptor, ...images]) lines.push(`SHA256(${member.name})= ${await memberDigest(member)}\n`);
    await writeTar(ova, [descriptor, { name: `${name}.mf`, content: Buffer.from(lines.join('')) }, ...images]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Image {
  readonly name: string;
  readonly file: string;
  /** Bytes of the file, and of the disk in it. */
  readonly size: number;
  readonly capacity: number;
}

type Item = Readonly<Record<string, string | number>>;

function envelope(name: string, { firmware }: GuestRecipe, images: readonly Image[]): string {
  const items: readonly Item[] = [
    { AllocationUnits: 'hertz * 10^6', ElementName: '2 virtual CPUs', InstanceID: 1, ResourceType: 3, VirtualQuantity: 2 },
    { AllocationUnits: 'byte * 2^20', ElementName: '1024 MB of memory', InstanceID: 2, ResourceType: 4, VirtualQuantity: 1024 },
    { Address: 0, ElementName: 'SCSI controller 0', InstanceID: 3, ResourceSubType: 'VirtualSCSI', ResourceType: 6 },
    ...images.map((_, at) => ({
      ...{ AddressOnParent: at, ElementName: `Hard disk ${at + 1}`, HostResource: `ovf:/disk/vmdisk${at + 1}` },
      ...{ InstanceID: 10 + at, Parent: 3, ResourceType: 17 },
    })),
    ...GUEST_CARDS.map(({ mac }, at) => ({
      ...{ Address: mac, AddressOnParent: 7 + at, AutomaticAllocation: 'true', Connection: `VM Network ${at + 1}` },
      ...{ ElementName: `Network adapter ${at + 1}`, InstanceID: 30 + at, ResourceSubType: 'VmxNet3', ResourceType: 10 },
    })),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
${images.map((image, at) => `    <File ovf:id="file${at + 1}" ovf:href="${image.name}" ovf:size="${image.size}"/>`).join('\n')}
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
${images.map(diskElement).join('\n')}
  </DiskSection>
  <NetworkSection>
    <Info>Logical networks</Info>
${GUEST_CARDS.map((_, at) => `    <Network ovf:name="VM Network ${at + 1}"/>`).join('\n')}
  </NetworkSection>
  <VirtualSystem ovf:id="${name}">
    <Info>A virtual machine</Info>
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest">
      <Info>Guest operating system</Info>
      <Description>Debian GNU/Linux 12 (64-bit)</Description>
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
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="${firmware === 'uefi' ? 'efi' : 'bios'}"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

function diskElement({ capacity }: Image, at: number): string {
  return `    <Disk ovf:diskId="vmdisk${at + 1}" ovf:fileRef="file${at + 1}" ovf:capacity="${capacity}"
        ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`;
}

function itemElement(item: Item): string {
  const lines = Object.entries(item).map(([key, value]) => `        <rasd:${key}>${value}</rasd:${key}>`);
  return `      <Item>\n${lines.join('\n')}\n      </Item>`;
}
