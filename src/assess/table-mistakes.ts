/**
 * What is wrong with the user's tables, options and facts by themselves, before a source is read: things that no run can make sense of.
 * A door throws all of them at once (`config-invalid`). What depends on the source is a concern of the run instead (tables.ts): the
 * migration may go on, because a map is often shared by several sources.
 */
import type { ClusterFacts } from '../model/cluster-facts.ts';
import type { MappingOptions, NetworkMap, NetworkSource, StorageMap, StorageSource } from '../model/mapping.ts';
import { isTimeZone } from '../model/time-zone.ts';

export interface Tables {
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  readonly facts: ClusterFacts;
  readonly options: MappingOptions;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_SUBDOMAIN = 253;

/** One sentence each, in the order of the tables; empty when all is well. */
export function tableMistakes({ networkMap, storageMap, facts, options }: Tables): readonly string[] {
  return [...networkMistakes(networkMap), ...storageMistakes(storageMap), ...optionMistakes(options), ...factMistakes(facts)];
}

function networkMistakes({ entries }: NetworkMap): readonly string[] {
  const mistakes = repeats(
    'network map',
    entries.map(({ source }) => networkKey(source)),
  );
  for (const [index, { target }] of entries.entries()) {
    const at = `network map, entry ${index}`;
    if (target.type !== 'multus' && target.type !== 'sriov') continue;
    if (target.namespace !== undefined && !LABEL.test(target.namespace))
      mistakes.push(`${at}: ${target.namespace} cannot be a namespace.`);
    const names = 'name' in target ? [target.name] : target.pool;
    for (const name of names) if (!isSubdomain(name)) mistakes.push(`${at}: ${name} cannot be the name of a network attachment.`);
    if (new Set(names).size < names.length) mistakes.push(`${at}: the pool names an attachment twice.`);
  }
  return mistakes;
}

function storageMistakes({ entries }: StorageMap): readonly string[] {
  const mistakes = repeats(
    'storage map',
    entries.map(({ source }) => storageKey(source)),
  );
  for (const [index, { target }] of entries.entries()) {
    const at = `storage map, entry ${index}`;
    if (target.storageClass !== undefined && !isSubdomain(target.storageClass))
      mistakes.push(`${at}: ${target.storageClass} cannot be the name of a storage class.`);
    if (target.accessMode === 'ReadOnlyMany') mistakes.push(`${at}: a VM cannot write to a ReadOnlyMany volume.`);
  }
  return mistakes;
}

/** Entries about exactly the same thing: which one should hold nobody can say. */
function repeats(table: string, keys: readonly string[]): string[] {
  const firsts = new Map<string, number>();
  const mistakes: string[] = [];
  for (const [index, key] of keys.entries()) {
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    else mistakes.push(`${table}: entries ${first} and ${index} are about the same (${key}).`);
  }
  return mistakes;
}

/** A text means an id or a name, so it is never quite the same as an entry that says which. */
function networkKey(source: NetworkSource): string {
  if (typeof source === 'string') return source;
  const { id, name, vlan } = source;
  return describe({ id, name, vlan });
}

/** A text is a storage; `*` is an entry that asks nothing. */
function storageKey(source: StorageSource): string {
  if (source === '*') return '*';
  const { storage, policy, vm, disk } = typeof source === 'string' ? { storage: source } : source;
  return describe({ storage, policy, vm, disk }) || '*';
}

/** `id n-1, vlan 7` for people. */
function describe(parts: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

function optionMistakes(options: MappingOptions): readonly string[] {
  const { namespace, timezone, instancetypes, devices, passthroughDisks, generateNetworks } = options;
  const mistakes: string[] = [];
  if (namespace !== undefined && !LABEL.test(namespace)) mistakes.push(`${namespace} cannot be a namespace.`);
  if (generateNetworks?.namespace !== undefined && !LABEL.test(generateNetworks.namespace))
    mistakes.push(`${generateNetworks.namespace} cannot be a namespace for network attachments.`);
  if (timezone !== undefined && !isTimeZone(timezone)) mistakes.push(`${timezone} is no time zone of the IANA database.`);
  if (devices === 'compatibility' && passthroughDisks === 'lun')
    mistakes.push(
      'Compatible devices and LUNs contradict each other: a LUN is on virtio SCSI, which the guest would have no driver for.',
    );
  if (instancetypes !== undefined) {
    const against = Object.entries({
      'a CPU model': options.cpuModel,
      'huge pages': options.hugepages,
      'dedicated CPUs for all': options.dedicatedCpus === 'all' ? true : undefined,
    })
      .filter(([, value]) => value !== undefined)
      .map(([what]) => what);
    if (against.length > 0)
      mistakes.push(`Instance types and ${against.join(', ')} contradict each other: KubeVirt refuses a VM with both.`);
  }
  return mistakes;
}

function factMistakes(facts: ClusterFacts): readonly string[] {
  return [
    ...named(
      'storage class',
      facts.storageClasses?.map(({ name }) => name),
    ),
    ...named(
      'namespace',
      facts.namespaces?.map(({ name }) => name),
    ),
    ...named(
      'network attachment',
      facts.networkAttachments?.map(({ namespace, name }) => `${namespace}/${name}`),
    ),
  ];
}

function named(kind: string, names: readonly string[] = []): readonly string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  return [...twice].map((name) => `facts: the ${kind} ${name} stands in them twice.`);
}

function isSubdomain(name: string): boolean {
  return name.length <= MAX_SUBDOMAIN && SUBDOMAIN.test(name);
}
