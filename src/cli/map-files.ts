/** Reads the user's tables. Every mistake of all files is told at once, with its place. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Tables, tableMistakes } from '../assess/table-mistakes.ts';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import { MigrationError } from '../model/errors.ts';
import type { MappingOptions } from '../model/mapping.ts';
import { AccessMode, VolumeMode } from '../resources/claim-modes.ts';
import { FACTS_VERSION, FactsFile } from './facts-file.ts';

const API_VERSION = z.literal(FACTS_VERSION);

const Vlan = z.int().min(0).max(4094);
const NetworkSource = z.union(
  [
    z.string().min(1),
    z
      .strictObject({
        id: z.string().min(1).exactOptional(),
        name: z.string().min(1).exactOptional(),
        vlan: Vlan.exactOptional(),
      })
      .refine((source) => Object.keys(source).length > 0, 'say id, name or vlan'),
  ],
  { error: 'a name or id, or at least one of id, name and vlan (0 to 4094)' },
);

function attachmentTarget<T extends 'multus' | 'sriov'>(type: T) {
  return z
    .strictObject({
      type: z.literal(type),
      namespace: z.string().min(1).exactOptional(),
      name: z.string().min(1).exactOptional(),
      pool: z.array(z.string().min(1)).min(1).exactOptional(),
    })
    .transform(({ name, pool, ...target }, { addIssue }) => {
      if (name !== undefined && pool === undefined) return { ...target, name };
      if (pool !== undefined && name === undefined) return { ...target, pool };
      addIssue({ code: 'custom', path: [pool === undefined ? 'name' : 'pool'], message: 'say either name or pool' });
      return z.NEVER;
    });
}

const NetworkMapFile = z.strictObject({
  apiVersion: API_VERSION,
  kind: z.literal('NetworkMap'),
  metadata: z.unknown().optional(),
  spec: z.strictObject({
    entries: z.array(
      z.strictObject({
        source: NetworkSource,
        target: z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('pod') }),
          z.strictObject({ type: z.literal('udn') }),
          attachmentTarget('multus'),
          attachmentTarget('sriov'),
          z.strictObject({ type: z.literal('ignored') }),
        ]),
      }),
    ),
  }),
});

const StorageSource = z.union(
  [
    z.string().min(1),
    z
      .strictObject({
        storage: z.string().min(1).exactOptional(),
        policy: z.string().min(1).exactOptional(),
        vm: z.string().min(1).exactOptional(),
        disk: z.string().min(1).exactOptional(),
      })
      .refine((source) => Object.keys(source).length > 0, 'say storage, policy, vm or disk'),
  ],
  { error: 'a name or id of a storage, *, or at least one of storage, policy, vm and disk' },
);

const StorageMapFile = z.strictObject({
  apiVersion: API_VERSION,
  kind: z.literal('StorageMap'),
  metadata: z.unknown().optional(),
  spec: z.strictObject({
    entries: z.array(
      z.strictObject({
        source: StorageSource,
        target: z.strictObject({
          storageClass: z.string().min(1).exactOptional(),
          volumeMode: VolumeMode.exactOptional(),
          accessMode: AccessMode.exactOptional(),
          preallocate: z.boolean().exactOptional(),
        }),
      }),
    ),
  }),
});

export interface TableFiles {
  readonly networkMap?: string;
  readonly storageMap?: string;
  readonly facts?: string;
}

/**
 * The tables of all files, empty ones where there is no file. What is wrong in any of them, or between them and the options, is told at once.
 * @param live facts of a cluster that was asked just now, instead of a file
 * @throws MigrationError `config-invalid`
 */
export async function readTables(files: TableFiles, options: MappingOptions, live?: ClusterFacts): Promise<Tables> {
  const mistakes: string[] = [];
  const networks = await readTable(files.networkMap, NetworkMapFile, mistakes);
  const storages = await readTable(files.storageMap, StorageMapFile, mistakes);
  const { apiVersion: _version, kind: _kind, ...filed } = (await readTable(files.facts, FactsFile, mistakes)) ?? NO_FACTS;
  const facts = live ?? filed;
  const tables = { networkMap: networks?.spec ?? NO_ENTRIES, storageMap: storages?.spec ?? NO_ENTRIES, facts, options };
  mistakes.push(...tableMistakes(tables));
  if (mistakes.length === 0) return tables;
  const places = `${mistakes.length} place${mistakes.length === 1 ? '' : 's'}`;
  throw new MigrationError('config-invalid', `The tables and options are wrong in ${places}:\n  ${mistakes.join('\n  ')}`);
}

const NO_ENTRIES = { entries: [] };
const NO_FACTS = { apiVersion: FACTS_VERSION, kind: 'ClusterFacts' } as const;

/** Undefined without a file, and where there are mistakes. */
async function readTable<T>(file: string | undefined, schema: z.ZodType<T>, mistakes: string[]): Promise<T | undefined> {
  if (file === undefined) return undefined;
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8'), { maxAliasCount: 0 });
  } catch (error) {
    mistakes.push(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const parsed = schema.safeParse(content);
  const found = [...(parsed.error?.issues ?? []), ...twice(content)];
  for (const { path, message } of found) mistakes.push(`${file}, ${path.length === 0 ? 'top' : path.join('.')}: ${message}`);
  return found.length === 0 ? parsed.data : undefined;
}

/** Sources that stand in a map more than once. Looks at the raw content, because a schema stops refining at its first mistake. */
function twice(content: unknown): { path: PropertyKey[]; message: string }[] {
  const entries = WithSources.safeParse(content).data?.spec.entries ?? [];
  const firsts = new Map<string, number>();
  return entries.flatMap(({ source }, index) => {
    if (source === undefined) return [];
    const text = typeof source === 'string' ? source : JSON.stringify(source, Object.keys(source).toSorted());
    const first = firsts.get(text);
    if (first !== undefined)
      return [{ path: ['spec', 'entries', index, 'source'], message: `${text} stands in entry ${first} already` }];
    firsts.set(text, index);
    return [];
  });
}

const WithSources = z.object({
  spec: z.object({
    entries: z.array(
      z.object({
        source: z
          .union([z.string(), z.record(z.string(), z.unknown())])
          .optional()
          .catch(undefined),
      }),
    ),
  }),
});
