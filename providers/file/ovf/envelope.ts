/** Envelope: the parts that all virtual systems share (files, disks, networks, configurations) and the list of the systems. */

import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Bytes } from '../../../src/model/units.ts';
import { type OvfVersion, ovfVersionOf } from './namespaces.ts';
import { isOvf, kindOf, sectionsOf } from './section.ts';
import { readSystems, type SystemEntry } from './systems.ts';
import { parseCount, parseFlag } from './values.ts';
import { attribute, childrenOf, malformed, type ParsedXml, placeOf, textOf, type XmlElement } from './xml.ts';

export interface Envelope {
  readonly root: XmlElement;
  readonly version?: OvfVersion;
  /** Program that wrote the file, when it says so. */
  readonly writtenBy?: string;
  readonly files: ReadonlyMap<string, FileEntry>;
  readonly filesByHref: ReadonlyMap<string, FileEntry>;
  readonly disks: ReadonlyMap<string, DiskEntry>;
  readonly disksByFile: ReadonlyMap<string, DiskEntry>;
  readonly networks: ReadonlyMap<string, NetworkEntry>;
  readonly configurations: readonly ConfigurationEntry[];
  readonly systems: readonly SystemEntry[];
  /** Sections at envelope level that nothing else reads. */
  readonly leftovers: readonly XmlElement[];
}

/** References/File. */
export interface FileEntry {
  readonly id: string;
  readonly href: string;
  /** Declared size in bytes. */
  readonly size?: Bytes;
  readonly compression?: string;
  readonly chunkSize?: Bytes;
  readonly element: XmlElement;
}

/** DiskSection/Disk. Its capacity is read later, because it may refer to a property of a system. */
export interface DiskEntry {
  readonly id: string;
  readonly fileRef?: string;
  readonly parentRef?: string;
  readonly format?: string;
  readonly element: XmlElement;
}

export interface NetworkEntry {
  readonly name: string;
  readonly description?: string;
}

export interface ConfigurationEntry {
  readonly id: string;
  readonly isDefault: boolean;
}

/**
 * Reads the envelope.
 * @throws MigrationError `ovf-not-ovf`, `ovf-malformed`, `ovf-duplicate-id`, `xml-too-complex`
 */
export function readEnvelope({ root, comment }: ParsedXml): Envelope {
  const version = ovfVersionOf(root.namespace);
  if (root.name !== 'Envelope' || (version === undefined && root.namespace !== '')) {
    throw new MigrationError('ovf-not-ovf', `The root element is ${root.name}, not an OVF Envelope`, placeOf(root));
  }
  const files = byId(
    root.children.filter((child) => child.name === 'References' && isOvf(child)),
    'File',
    'file',
    readFile,
  );
  const disks = byId(sectionsOf(root, 'DiskSection'), 'Disk', 'disk', readDisk);
  const networks = byId(sectionsOf(root, 'NetworkSection'), 'Network', 'network', readNetwork);
  const configurations = byId(sectionsOf(root, 'DeploymentOptionSection'), 'Configuration', 'configuration', readConfiguration);
  const systems = readSystems(root);
  if (systems.length === 0) throw malformed(root, 'The envelope holds no virtual system');
  return defined({
    root,
    version,
    writtenBy: writer(root, comment),
    files,
    filesByHref: new Map(files.values().map((file) => [file.href, file])),
    disks,
    disksByFile: new Map(disks.values().map((disk) => [disk.fileRef ?? '', disk])),
    networks,
    configurations: [...configurations.values()],
    systems,
    leftovers: root.children.filter((child) => !READ_KINDS.has(kindOf(child))),
  });
}

const READ_KINDS: ReadonlySet<string> = new Set([
  'References',
  'DiskSection',
  'NetworkSection',
  'DeploymentOptionSection',
  'VirtualSystem',
  'VirtualSystemCollection',
  'ProductSection',
  'PropertySection',
  'EulaSection',
  'Strings',
]);

function byId<Entry>(
  parents: readonly XmlElement[],
  name: string,
  what: string,
  read: (element: XmlElement) => readonly [string, Entry],
): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const parent of parents) {
    for (const element of childrenOf(parent, name)) {
      const [id, entry] = read(element);
      if (entries.has(id)) throw new MigrationError('ovf-duplicate-id', `Two ${what}s have the id ${id}`, placeOf(element));
      entries.set(id, entry);
    }
  }
  return entries;
}

function required(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value === undefined || value === '') throw malformed(element, `${element.name} has no ovf:${name}`);
  return value;
}

function readFile(element: XmlElement): readonly [string, FileEntry] {
  const id = required(element, 'id');
  const chunkSize = attribute(element, 'chunkSize');
  if (chunkSize !== undefined && parseCount(chunkSize) === undefined)
    throw malformed(element, `File ${id} has no readable chunkSize`);
  const compression = attribute(element, 'compression');
  const entry = defined({
    id,
    href: required(element, 'href'),
    size: parseCount(attribute(element, 'size')),
    compression: compression === '' || compression === 'identity' ? undefined : compression,
    chunkSize: parseCount(chunkSize) || undefined,
    element,
  });
  return [id, entry];
}

function readDisk(element: XmlElement): readonly [string, DiskEntry] {
  const id = required(element, 'diskId');
  const entry = defined({
    id,
    fileRef: attribute(element, 'fileRef') || undefined,
    parentRef: attribute(element, 'parentRef') || undefined,
    format: attribute(element, 'format') || undefined,
    element,
  });
  return [id, entry];
}

function readNetwork(element: XmlElement): readonly [string, NetworkEntry] {
  const name = required(element, 'name');
  return [name, defined({ name, description: textOf(element, 'Description') })];
}

function readConfiguration(element: XmlElement): readonly [string, ConfigurationEntry] {
  const id = required(element, 'id');
  return [id, { id, isDefault: parseFlag(attribute(element, 'default')) === true }];
}

/** `Generated by VMware ovftool 4.6.2 …` in the first comment, or the build that VMware and VirtualBox put on the envelope. */
function writer(root: XmlElement, comment: string | undefined): string | undefined {
  const signed = /^Generated by ([^,\n]{1,200})/.exec(comment ?? '')?.[1];
  if (signed !== undefined) return signed.trim();
  const build = attribute(root, 'buildId', 'vmw');
  return build === undefined ? undefined : `VMware ${build}`;
}
