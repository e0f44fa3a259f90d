/** Packs a raw disk as an OVA the way vSphere exports one: OVF 1.0 descriptor, SHA-256 manifest, streamOptimized VMDK. */
import { execFile } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { memberDigest, type TarMember, writeTar } from './tar.ts';

const run = promisify(execFile);

export interface OvaOptions {
  /** VM name; the descriptor and the disk are called after it. */
  readonly name: string;
  /** Path of the raw disk. */
  readonly raw: string;
  /** Path of the VMDK to write; it stays. */
  readonly vmdk: string;
  /** Path of the OVA to write. */
  readonly ova: string;
}

/** Writes `vmdk` and `ova`. With the same qemu-img the same input gives the same bytes. */
export async function packOva({ name, raw, vmdk, ova }: OvaOptions): Promise<void> {
  await rm(vmdk, { force: true });
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk]);
  await fixContentId(vmdk);
  const capacity = (await stat(raw)).size;
  const disk: TarMember = { name: `${name}-disk1.vmdk`, file: vmdk };
  const descriptor: TarMember = {
    name: `${name}.ovf`,
    content: Buffer.from(envelope(name, disk.name, (await stat(vmdk)).size, capacity)),
  };
  const lines: string[] = [];
  for (const member of [descriptor, disk]) lines.push(`SHA256(${member.name})= ${await memberDigest(member)}\n`);
  await writeTar(ova, [descriptor, { name: `${name}.mf`, content: Buffer.from(lines.join('')) }, disk]);
}

/**
 * qemu-img draws the content id in the embedded descriptor at random (block/vmdk.c), with 1 to 8 digits; a fixed one makes
 * builds comparable. The text is followed by NULs, so that it may grow.
 */
async function fixContentId(vmdk: string): Promise<void> {
  await using file = await open(vmdk, 'r+');
  const start = Buffer.alloc(64 * 1024);
  await file.read(start, 0, start.length, 0);
  const at = start.indexOf('# Disk DescriptorFile', 0, 'latin1');
  const end = start.indexOf(0, at);
  if (at < 0 || end < 0) throw new Error(`${vmdk} has no embedded descriptor`);
  const text = start.toString('latin1', at, end).replace(/^CID=[0-9a-f]{1,8}$/m, 'CID=6b756265');
  await file.write(Buffer.from(text, 'latin1'), 0, text.length, at);
}

function envelope(name: string, file: string, size: number, capacity: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
    <File ovf:id="file1" ovf:href="${file}" ovf:size="${size}"/>
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
    <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="${capacity}"
        ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Logical networks</Info>
    <Network ovf:name="VM Network"/>
  </NetworkSection>
  <VirtualSystem ovf:id="${name}">
    <Info>A virtual machine</Info>
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="1" vmw:osType="otherGuest">
      <Info>Guest operating system</Info>
      <Description>A boot sector that greets</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits>
        <rasd:ElementName>1 virtual CPU</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>128 MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>128</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI controller 0</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent>
        <rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>VM Network</rasd:Connection>
        <rasd:ElementName>Network adapter 1</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
      </Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}
