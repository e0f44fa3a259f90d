/** A package → its virtual machines: descriptor, manifest and image headers are read, one system after the other. */
import { basename } from 'node:path';
import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { SourceNetwork } from '../../../src/model/inventory.ts';
import type { Packaging } from '../../../src/model/packaging.ts';
import type { DiskSource } from '../../../src/model/transfer.ts';
import type { ExtraFact, SourceVm } from '../../../src/model/vm.ts';
import type { FileVm } from '../seam.ts';
import { decodeXml, readSmallFile } from './descriptor-text.ts';
import { type DigestsOf, digestFinder } from './disk-digests.ts';
import type { DiskDraft } from './disks.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { extraFact } from './extras.ts';
import { envelopeExtras } from './left-over.ts';
import { checkBytes, type Manifest, parseManifest } from './manifest.ts';
import { openDiskImage } from './open-disk-image.ts';
import type { PackageFiles } from './package.ts';
import { type FoundFile, findFiles, sizeMismatches } from './package-file.ts';
import { type FoundDisk, readSystem, sourceOf, toVm, type VmDraft } from './to-vm.ts';
import { parseXml } from './xml.ts';

export interface PackageOptions {
  /** Deployment configuration instead of the default one. */
  readonly configuration?: string | undefined;
  readonly signal: AbortSignal;
  /** Begins the ids of the VMs; by default the file's own name. */
  readonly name?: string;
}

export interface OvfPackage {
  readonly networks: readonly SourceNetwork[];
  vms(signal: AbortSignal): AsyncGenerator<FileVm>;
}

/**
 * Reads the descriptor and the manifest.
 * @throws MigrationError for whatever is wrong with either, `ovf-config-unknown`, `href-unsafe`
 */
export async function openPackage(files: PackageFiles, options: PackageOptions): Promise<OvfPackage> {
  const { configuration, signal, name = basename(files.path) } = options;
  const bytes = await readSmallFile(files.descriptor, signal);
  const manifest = await readManifest(files, bytes, signal);
  const document = files.kind === 'ova' ? { file: files.path, member: files.descriptor.name } : { file: files.path };
  const envelope = readEnvelope(parseXml(decodeXml(bytes, files.path), document));
  const chosen = chooseConfiguration(envelope, configuration, files.path);
  const found = await findFiles(envelope.files.values(), files, signal);
  const survey = surveySystems(envelope, chosen);
  const shared = {
    files,
    name,
    envelope,
    configuration: chosen,
    found,
    survey,
    packaging: packagingOf({ files, envelope, configuration: chosen, found: [...found.values()], manifest }),
    digestsOf: digestFinder(files, manifest),
  };
  return { networks: networksOf(envelope, survey), vms: (during) => readVms(shared, during) };
}

async function readManifest(files: PackageFiles, descriptor: Buffer, signal: AbortSignal): Promise<Manifest | undefined> {
  if (files.manifest === undefined) return undefined;
  const place = { file: files.path, name: files.manifest.name };
  const manifest = parseManifest((await readSmallFile(files.manifest, signal)).toString('utf8'), place);
  const digest = manifest.get(files.descriptor.name);
  if (digest !== undefined) checkBytes(descriptor, digest, { file: files.path, name: files.descriptor.name });
  return manifest;
}

function chooseConfiguration(envelope: Envelope, wanted: string | undefined, file: string): string | undefined {
  const ids = envelope.configurations.map((configuration) => configuration.id);
  if (wanted === undefined) return envelope.configurations.find((configuration) => configuration.isDefault)?.id ?? ids[0];
  if (ids.includes(wanted)) return wanted;
  const choice = ids.length === 0 ? 'it has none' : `it has ${ids.join(', ')}`;
  throw new MigrationError('ovf-config-unknown', `The envelope has no deployment configuration ${wanted}; ${choice}`, { file });
}

/** What the systems use between them. */
interface Survey {
  /** How many systems use a disk or file, by its id. */
  readonly users: ReadonlyMap<string, number>;
  readonly networks: ReadonlySet<string>;
}

function surveySystems(envelope: Envelope, configuration: string | undefined): Survey {
  const users = new Map<string, number>();
  const networks = new Set<string>();
  for (const system of envelope.systems) {
    const draft = readSystem(envelope, system, { configuration, fallbackName: '' });
    const ids = new Set(draft.disks.flatMap((disk) => [diskId(disk), ...disk.files.map((file) => `file ${file.id}`)]));
    for (const id of ids) users.set(id, (users.get(id) ?? 0) + 1);
    for (const nic of draft.vm.nics) if (nic.network !== undefined) networks.add(nic.network.name);
  }
  return { users, networks };
}

function diskId(disk: DiskDraft): string {
  return disk.diskId === undefined ? `file ${disk.files[0]?.id}` : `disk ${disk.diskId}`;
}

function networksOf(envelope: Envelope, { networks }: Survey): readonly SourceNetwork[] {
  const undeclared = [...networks].filter((name) => !envelope.networks.has(name)).map((name) => ({ id: name, name }));
  return [...envelope.networks.values().map((network) => ({ id: network.name, ...network })), ...undeclared];
}

interface PackagingFacts {
  readonly files: PackageFiles;
  readonly envelope: Envelope;
  readonly configuration: string | undefined;
  readonly found: readonly FoundFile[];
  readonly manifest: Manifest | undefined;
}

function packagingOf({ files, envelope, configuration, found, manifest }: PackagingFacts): Packaging {
  const names = new Set([
    files.descriptor.name,
    ...found.flatMap((file) => file.parts.map((part) => part.name)),
    ...otherMembers(files),
  ]);
  const unlisted = manifest === undefined ? [] : [...names].filter((name) => !manifest.has(name));
  const mismatches = sizeMismatches(found);
  return defined({
    kind: files.kind,
    descriptor: files.descriptor.name,
    ovfVersion: envelope.version,
    manifest: manifest?.values().next().value?.algorithm,
    unlisted: unlisted.length === 0 ? undefined : unlisted,
    certificate: files.certificate || undefined,
    sizeMismatches: mismatches.length === 0 ? undefined : mismatches,
    configuration:
      configuration === undefined ? undefined : { chosen: configuration, available: envelope.configurations.map(({ id }) => id) },
  });
}

/** Members of an archive other than the manifest and its certificate, which cannot list themselves. */
function otherMembers(files: PackageFiles): readonly string[] {
  return [...(files.members?.keys() ?? [])].filter((name) => name !== files.manifest?.name && !/\.cert$/i.test(name));
}

interface PackageState {
  readonly files: PackageFiles;
  readonly name: string;
  readonly envelope: Envelope;
  readonly configuration: string | undefined;
  readonly found: ReadonlyMap<string, FoundFile>;
  readonly survey: Survey;
  readonly packaging: Packaging;
  readonly digestsOf: DigestsOf;
}

async function* readVms(state: PackageState, signal: AbortSignal): AsyncGenerator<FileVm> {
  const { envelope, name } = state;
  const fallbackName = name.replace(/\.[^.]*$/, '');
  for (const [index, system] of envelope.systems.entries()) {
    signal.throwIfAborted();
    const draft = readSystem(envelope, system, { configuration: state.configuration, fallbackName });
    const found = await findDisks(draft, state, signal);
    // What concerns the envelope as a whole is said once, with its first VM.
    const extras = index === 0 ? [...envelopeExtras(envelope.leftovers), ...unusedDisks(state)] : [];
    const vm = toVm(draft, found, { refId: `${name}#${system.id}`, packaging: state.packaging, extras });
    yield packagedVm(vm, found);
  }
}

async function findDisks(draft: VmDraft, state: PackageState, signal: AbortSignal): Promise<readonly FoundDisk[]> {
  const found: FoundDisk[] = [];
  for (const disk of draft.disks) {
    const image = await openDiskImage(disk, state, signal).catch((error) => rethrow(error, state.files, draft.vm.name, disk));
    const digests = image && (await state.digestsOf(image.layers));
    found.push(defined({ draft: disk, image, digests, shared: (state.survey.users.get(diskId(disk)) ?? 0) > 1 }));
  }
  return found;
}

/** Holds on to nothing of the envelope: many of these may be kept. */
function packagedVm(vm: SourceVm, found: readonly FoundDisk[]): FileVm {
  const disks = new Map<string, DiskSource>();
  const unreadable = new Map<string, MigrationError>();
  for (const disk of found) {
    if (disk.image?.unreadable === undefined) disks.set(disk.draft.key, sourceOf(disk));
    else unreadable.set(disk.draft.key, disk.image.unreadable);
  }
  return { vm, disks, unreadable };
}

/** An image reader knows its file only; the person also wants to know the package, the VM and the disk. */
function rethrow(error: unknown, files: PackageFiles, vm: string, disk: DiskDraft): never {
  if (!(error instanceof MigrationError)) throw error;
  const { file, at } = error.place;
  const inside = file === undefined || file === files.path ? at : [file, at].filter((part) => part !== undefined).join(', ');
  const place = defined({ file: files.path, at: inside, vm, disk: disk.label });
  throw new MigrationError(error.code, error.message, { ...place, hint: error.hint, cause: error.cause });
}

function unusedDisks({ envelope, survey }: PackageState): readonly ExtraFact[] {
  return [...envelope.disks.values()]
    .filter(
      ({ id, fileRef }) => !survey.users.has(`disk ${id}`) && !(fileRef !== undefined && survey.users.has(`file ${fileRef}`)),
    )
    .map(({ id }) => extraFact(`ovf:Disk[${id}]`, 'no virtual system uses this disk'));
}
