/** The custom resources of a migration, from what a person asked for: what `kubectl apply` takes, and what a folder for Git holds. Pure. */
import type { z } from 'zod';
import { MigrationError } from '../model/errors.ts';
import type { GuestTerms } from '../model/guest-terms.ts';
import type { MappingOptions, NetworkMap, NetworkSource, StorageMap, StorageSource } from '../model/mapping.ts';
import type { MigrationType } from '../model/phase.ts';
import type { CommitPolicy, Schedule } from '../model/schedule.ts';
import type { AfterCommit } from '../model/source-retirement.ts';
import { type Bytes, toQuantity } from '../model/units.ts';
import { guestSpecOf } from './guest-spec.ts';
import { GROUP, type Kind, VERSION } from './kind.ts';
import { MIGRATION_PLAN } from './migration-plan.ts';
import { PROVIDER } from './provider.ts';
import { commitSpec, groupsSpec, scheduleSpec } from './schedule-spec.ts';

export interface OurObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly name: string;
  /** Absent: whoever applies it says where. */
  readonly namespace?: string;
}

export interface ProviderWish extends Named {
  readonly spec: z.input<typeof PROVIDER.spec>;
}

export interface PlanWish extends Named {
  readonly provider: string;
  readonly selection: {
    readonly names?: readonly string[];
    readonly ids?: readonly string[];
    readonly where?: readonly string[];
  };
  readonly type: MigrationType;
  readonly schedule?: Schedule;
  /** Group by name or id of a VM. */
  readonly groups?: ReadonlyMap<string, string>;
  /** Absent: a VM that was seen to run is final. */
  readonly commit?: CommitPolicy;
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  /** Ids of networks of the source: a map may name a network by id or by name without saying which. */
  readonly networkIds: ReadonlySet<string>;
  readonly options: MappingOptions;
  /** Names in it are those of the cluster: of Secrets, of claims. Absent: as goes without saying. */
  readonly guests?: GuestTerms;
  readonly limits: {
    readonly vms?: number;
    readonly transfers?: number;
    readonly perStorageClass?: number;
    readonly bandwidth?: string;
  };
  readonly verify: boolean;
  readonly recheckSource?: boolean;
  readonly proveAll?: boolean;
  readonly shutdown?: {
    readonly graceSeconds?: number;
    readonly otherwise?: 'force' | 'fail';
    readonly afterFailure?: 'ask' | 'leave-off';
  };
  readonly sourceAfterCommit?: AfterCommit;
  readonly accept: readonly { readonly concern: string; readonly reason: string }[];
}

/** @throws MigrationError `config-invalid` */
export function providerObject({ spec, ...named }: ProviderWish): OurObject {
  return object(PROVIDER, named, spec);
}

/**
 * Says what was asked for and leaves everything else to its default, so that applying it a second time changes nothing. The switches (paused,
 * canceled) are never in it: a plan that is kept in Git does not undo what was switched by hand.
 * @throws MigrationError `config-invalid`
 */
export function planObject(wish: PlanWish): OurObject {
  const { provider, selection, networkMap, storageMap, networkIds, options, limits, accept, ...rest } = wish;
  const { verify, recheckSource, proveAll, shutdown, sourceAfterCommit, type, schedule, groups, commit, guests, ...named } = rest;
  const guest = guests && guestSpecOf(guests);
  const times = schedule === undefined ? {} : scheduleSpec(schedule, type);
  const networks = networkMap.entries.map(({ source, target }) => ({ source: networkSource(source, networkIds), target }));
  const storages = storageMap.entries.map(({ source, target }) => ({ source: storageSource(source), target }));
  return object(MIGRATION_PLAN, named, {
    providerRef: { name: provider },
    selection,
    ...(type === 'warm' && { type }),
    ...(Object.keys(times).length > 0 && { schedule: times }),
    ...(groups !== undefined && groups.size > 0 && { groups: groupsSpec(groups) }),
    ...(commit && { commit: commitSpec(commit) }),
    ...(networks.length > 0 && { networkMap: { entries: networks } }),
    ...(storages.length > 0 && { storageMap: { entries: storages } }),
    options: planOptions(options),
    ...(guest && { guest }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(!verify && { verify }),
    ...(recheckSource && { recheckSource }),
    ...(proveAll && { proveAll }),
    ...(shutdown && { shutdown }),
    ...(sourceAfterCommit && { sourceAfterCommit }),
    ...(accept.length > 0 && { accept }),
  });
}

function object(kind: Kind, { name, namespace }: Named, spec: Readonly<Record<string, unknown>>): OurObject {
  const mistakes = kind.spec.safeParse(spec).error?.issues ?? [];
  if (mistakes.length > 0) {
    const text = mistakes.map(({ path, message }) => `${['spec', ...path].join('.')}: ${message}`).join('\n  ');
    throw new MigrationError('config-invalid', `No ${kind.kind} can say what was asked for:\n  ${text}`);
  }
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return { apiVersion: `${GROUP}/${VERSION}`, kind: kind.kind, metadata, spec };
}

function networkSource(source: NetworkSource, ids: ReadonlySet<string>): Exclude<NetworkSource, string> {
  if (typeof source !== 'string') return source;
  return ids.has(source) ? { id: source } : { name: source };
}

function storageSource(source: StorageSource): Exclude<StorageSource, string> {
  return typeof source === 'string' ? { storage: source } : source;
}

/** @throws MigrationError `config-invalid` for what plans have no field for */
function planOptions({
  memory,
  namespace: _namespace,
  reservations,
  generateNetworks,
  ...rest
}: MappingOptions): Readonly<Record<string, unknown>> {
  const unknown = [
    ...(reservations === undefined ? [] : ['--reservations']),
    ...(generateNetworks === undefined ? [] : ['--generate-networks']),
  ];
  if (unknown.length > 0) {
    throw new MigrationError('config-invalid', `A plan in a cluster has no field for ${unknown.join(' and ')} yet.`, {
      hint: 'Leave it out; networks can be made beforehand from the folder that `plan --out` writes.',
    });
  }
  return { ...rest, ...(memory !== undefined && { memory: quantity(memory) }) };
}

/** Mi at least: the schema knows no smaller unit. */
function quantity(bytes: Bytes): string {
  return /^[1-9][0-9]*(Mi|Gi|Ti)$/.exec(toQuantity(bytes))?.[0] ?? `${Math.ceil(bytes / 2 ** 20)}Mi`;
}
