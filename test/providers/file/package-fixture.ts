/** Real packages for the tests: images made by qemu-img, descriptors in the least words, archives by tar-builder. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileProvider } from '../../../providers/file/index.ts';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { SourceVm } from '../../../src/model/vm.ts';

export const MIB = 1024 * 1024;
export const signal = new AbortController().signal;

export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'kubeferry-package-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** qemu-img is slow to start: each image is made once in a process. */
const made = new Map<number, Buffer>();

/** A streamOptimized VMDK, as exports hold them, of 8 MiB with a little content. */
export function makeVmdk(folder: string, name: string, capacity = 8 * MIB): Buffer {
  const image = made.get(capacity) ?? convert(folder, capacity);
  made.set(capacity, image);
  writeFileSync(path.join(folder, name), image);
  return image;
}

function convert(folder: string, capacity: number): Buffer {
  const [raw, vmdk] = [path.join(folder, 'made.raw'), path.join(folder, 'made.vmdk')];
  const content = Buffer.alloc(capacity);
  content.write('content of a disk', 65536);
  writeFileSync(raw, content);
  execFileSync('qemu-img', ['convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', '-f', 'raw', raw, vmdk]);
  const image = readFileSync(vmdk);
  rmSync(raw);
  rmSync(vmdk);
  return image;
}

export interface EnvelopeParts {
  readonly files?: string;
  readonly disks?: string;
  readonly sections?: string;
  /** Items of the only system. */
  readonly items?: string;
  /** Instead of the only system. */
  readonly systems?: string;
}

/** An envelope with one disk from `disk.vmdk`, unless the parts say otherwise. */
export function envelope(parts: EnvelopeParts = {}): string {
  const files = parts.files ?? '<File ovf:id="f1" ovf:href="disk.vmdk"/>';
  const disks =
    parts.disks ?? '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20"/>';
  const systems = parts.systems ?? system('vm1', parts.items ?? diskItem('d1'));
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
<References>${files}</References>
<DiskSection>${disks}</DiskSection>
${parts.sections ?? ''}
${systems}
</Envelope>`;
}

export function system(id: string, items = '', name = id): string {
  return `<VirtualSystem ovf:id="${id}"><Info/><Name>${name}</Name><VirtualHardwareSection><Info/>
<Item><rasd:Address>0</rasd:Address><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceSubType>lsilogic</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
${items}</VirtualHardwareSection></VirtualSystem>`;
}

export function diskItem(diskId: string, unit = 0): string {
  return `<Item><rasd:AddressOnParent>${unit}</rasd:AddressOnParent><rasd:ElementName>Hard disk ${unit + 1}</rasd:ElementName><rasd:HostResource>ovf:/disk/${diskId}</rasd:HostResource><rasd:InstanceID>${10 + unit}</rasd:InstanceID><rasd:Parent>1</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>`;
}

export function manifestLine(algorithm: 'SHA1' | 'SHA256' | 'SHA512', name: string, data: Buffer | string): string {
  return `${algorithm}(${name})= ${createHash(algorithm).update(data).digest('hex')}\n`;
}

/** Everything a source tells, through the provider's public door. */
export async function readSource(source: string, configuration?: string): Promise<readonly SourceVm[]> {
  await using connection = await fileProvider.connect(source, { signal, ...(configuration !== undefined && { configuration }) });
  return await Array.fromAsync(connection.vms(signal));
}

/** For assert.rejects: a MigrationError of that code whose message matches. */
export function failsWith(code: ErrorCode, message?: RegExp): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof MigrationError)) throw error;
    if (error.code !== code) throw new Error(`expected ${code}, got ${error.code}: ${error.message}`, { cause: error });
    if (message !== undefined && !message.test(error.message)) throw new Error(`expected ${message}, got: ${error.message}`);
    return true;
  };
}
