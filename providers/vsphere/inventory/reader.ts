/**
 * Reads VMs with what is around them. That is read once, before the first VM, and remembered: single VMs are read again against it,
 * and `refresh` finds out which VMs look different since it changed, of which the server itself tells nothing.
 */
import type { Credentials } from '../../../src/contracts/credentials.ts';
import type { ReadHint } from '../../../src/contracts/provider.ts';
import type { SourceVm, VmRef } from '../../../src/model/vm.ts';
import { below, type ObjectProperties, PAGE, properties, these } from '../properties.ts';
import type { Session } from '../session.ts';
import { type MoRef, members } from '../vim/node.ts';
import { type Atlas, buildAtlas } from './atlas.ts';
import { SURROUNDING, VM_PATHS } from './paths.ts';
import { openPolicies, type Policies, policyOwners } from './policies.ts';
import { looksDifferent } from './shown.ts';
import { readTags } from './tags.ts';
import { type Beside, toVm } from './to-vm.ts';
import { listVms, readVms } from './vm-reader.ts';

export interface ReaderParts {
  readonly session: Session;
  readonly credentials: () => Promise<Credentials>;
  /** Below which the VMs are. */
  readonly container: (signal: AbortSignal) => Promise<MoRef>;
  /** VMs are read again and again: what is needed for that is kept. */
  readonly keeps?: boolean;
}

interface Around extends Omit<Beside, 'policies'> {
  readonly policies: Policies;
}

/** What a VM was told with. */
interface Told {
  readonly owners: readonly string[];
  readonly policies: string;
}

const NO_POLICIES: Beside['policies'] = new Map();

export class InventoryReader {
  readonly #parts: ReaderParts;
  readonly #told = new Map<string, Told>();
  readonly #hidden = new Set<string>();
  /** VMs whose tags were asked for. */
  readonly #tagged = new Set<string>();
  #around: Around | undefined;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** All VMs, in the order of their ids, with what is around them read anew. */
  async *all(signal: AbortSignal, hint?: ReadHint): AsyncGenerator<SourceVm> {
    const { session, container } = this.#parts;
    const all = await listVms(session, await container(signal), signal);
    const wanted = hint?.wants === undefined ? all : all.filter(hint.wants);
    this.#forget(wanted);
    this.#around = await this.#look(
      wanted.map(({ id }) => id),
      signal,
    );
    yield* this.#map(readVms(session, wanted, signal), this.#around, signal);
  }

  /**
   * One VM as it is now, undefined when it is gone. From the second time on it costs one call, and one more where the server has storage
   * policies; tags are those of the first time.
   */
  async one(id: string, signal: AbortSignal): Promise<SourceVm | undefined> {
    if (this.#around !== undefined && !this.#tagged.has(id)) {
      const tags = await this.#tags([id], signal);
      this.#around = { ...this.#around, tags: new Map([...this.#around.tags, ...tags]) };
    }
    for await (const vm of this.some([id], signal)) return vm;
    return undefined;
  }

  /** These VMs; those that are gone are left out. */
  async *some(ids: readonly string[], signal: AbortSignal): AsyncGenerator<SourceVm> {
    const { session } = this.#parts;
    const refs = ids.map((id) => ({ type: 'VirtualMachine', id }));
    const found = await Array.fromAsync(these(session, refs, { type: 'VirtualMachine', paths: VM_PATHS }, signal));
    const around = this.#around ?? (await this.#look(ids, signal));
    // Folders, hosts and datastores may be newer than what was read; others are hidden from this account, and are looked for once.
    const unknown = found
      .flatMap((vm) => [...PLACES.flatMap((path) => vm.reference(path)?.id ?? []), ...datastoresOf(vm)])
      .filter((id) => !around.atlas.places.has(id));
    const isNew = unknown.some((id) => !this.#hidden.has(id));
    for (const id of unknown) this.#hidden.add(id);
    this.#around = isNew ? { ...around, atlas: await readAtlas(session, signal) } : around;
    yield* this.#map(found, this.#around, signal);
  }

  /** Reads what is around the VMs anew: the VMs that look different because of that. */
  async refresh(ids: readonly string[], signal: AbortSignal): Promise<'all' | readonly string[]> {
    const before = this.#around;
    const found = await this.#look(ids, signal);
    // A service that is away takes nothing back of what it told.
    const away = found.policies.trouble !== undefined && before?.policies.none === false;
    const now = away ? { ...found, policies: before.policies } : found;
    this.#around = now;
    this.#hidden.clear();
    if (before === undefined || before.policies.none !== now.policies.none) return 'all';
    if (looksDifferent(before.atlas, now.atlas) || renames(before.attributes, now.attributes)) return 'all';
    const policies = await now.policies.of(
      ids.flatMap((id) => this.#told.get(id)?.owners ?? []),
      signal,
    );
    return ids.filter((id) => {
      const told = this.#told.get(id);
      const same = JSON.stringify(before.tags.get(id)) === JSON.stringify(now.tags.get(id));
      return !same || (told !== undefined && policies !== undefined && told.policies !== policyText(told.owners, policies));
    });
  }

  async #look(ids: readonly string[], signal: AbortSignal): Promise<Around> {
    const { session } = this.#parts;
    return {
      atlas: await readAtlas(session, signal),
      attributes: await readAttributes(session, signal),
      tags: await this.#tags(ids, signal),
      policies: await openPolicies(session, signal),
    };
  }

  async #tags(ids: readonly string[], signal: AbortSignal): Promise<Beside['tags']> {
    const { session, credentials } = this.#parts;
    for (const id of ids) this.#tagged.add(id);
    // A standalone ESXi has none.
    if (session.about.apiType !== 'VirtualCenter') return new Map();
    return (await readTags(session.http, { vms: ids, credentials: await credentials() }, signal)).tags;
  }

  async *#map(
    vms: AsyncIterable<ObjectProperties> | Iterable<ObjectProperties>,
    around: Around,
    signal: AbortSignal,
  ): AsyncGenerator<SourceVm> {
    if (around.policies.none) {
      for await (const vm of vms) yield toVm(vm, { ...around, policies: NO_POLICIES });
      return;
    }
    // Policies are asked for by the page.
    for await (const page of pages(vms)) {
      const owners = page.map(policyOwners);
      const policies = (await around.policies.of(owners.flat(), signal)) ?? this.#lastTold(page);
      for (const [at, vm] of page.entries()) {
        this.#keep(vm.ref.id, owners[at] ?? [], policies);
        yield toVm(vm, { ...around, policies });
      }
    }
  }

  #forget(left: readonly VmRef[]): void {
    const ids = new Set(left.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
  }

  #lastTold(vms: readonly ObjectProperties[]): Beside['policies'] {
    const found = new Map<string, string>();
    for (const { ref } of vms) {
      const told = this.#told.get(ref.id);
      const names = told?.policies.split('\0') ?? [];
      for (const [at, owner] of (told?.owners ?? []).entries()) if (names[at]) found.set(owner, names[at]);
    }
    return found;
  }

  #keep(id: string, owners: readonly string[], policies: Beside['policies']): void {
    if (this.#parts.keeps === true) this.#told.set(id, { owners, policies: policyText(owners, policies) });
  }
}

/** Where the disks of a VM are. */
function datastoresOf(vm: ObjectProperties): readonly string[] {
  return members(vm.node('config.hardware.device')).flatMap((device) => device.get('backing')?.ref('datastore')?.id ?? []);
}

/** Where a VM is. */
const PLACES = ['parent', 'resourcePool', 'runtime.host'] as const;

function policyText(owners: readonly string[], policies: Beside['policies']): string {
  return owners.map((owner) => policies.get(owner) ?? '').join('\0');
}

/** A new definition is on no VM yet. */
function renames(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return [...now].some(([key, name]) => before.has(key) && before.get(key) !== name);
}

async function* pages(
  vms: AsyncIterable<ObjectProperties> | Iterable<ObjectProperties>,
): AsyncGenerator<readonly ObjectProperties[]> {
  let page: ObjectProperties[] = [];
  for await (const vm of vms) {
    page.push(vm);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Everything around VMs. */
export async function readAtlas(session: Session, signal: AbortSignal): Promise<Atlas> {
  return buildAtlas(await Array.fromAsync(below(session, session.manager('rootFolder'), SURROUNDING, signal)));
}

/** Names of custom attributes by key. */
async function readAttributes(session: Session, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  if (!session.has('customFieldsManager')) return new Map();
  const found = await properties(session, session.manager('customFieldsManager'), ['field'], signal);
  return new Map(members(found?.node('field')).map((field) => [field.string('key') ?? '', field.string('name') ?? '']));
}
