/**
 * An inventory that stays current. The server tells changes of the properties that a SourceVm is made of, in sets of bounded size; only
 * the VMs it names are read again. What lives in a session (collector, filter, version) is made anew whenever the server has lost it,
 * and then everything is compared with what was told: the receiver sees differences only.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../src/contracts/clock.ts';
import type { InventoryEvent } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import type { InventoryReader } from './inventory/reader.ts';
import { createView, PAGE, propertySets, viewSpec } from './properties.ts';
import type { Session } from './session.ts';
import { isFault } from './vim/fault.ts';
import { asRef, type MoRef, type VimNode } from './vim/node.ts';

/** Changes of these say that the VM has to be read again. Counters that move all the time are not among them. */
const WATCHED = [
  'name',
  'parent',
  'parentVApp',
  'resourcePool',
  // Both change with every reconfiguration, and cost next to nothing where the whole configuration would be sent for each VM.
  'config.changeVersion',
  'config.modified',
  'config.template',
  'snapshot',
  'runtime.powerState',
  'runtime.connectionState',
  'runtime.host',
  'runtime.consolidationNeeded',
  'runtime.question',
  'runtime.faultToleranceState',
  'guest.hostName',
  'guest.net',
  'guest.ipStack',
  'guest.toolsRunningStatus',
  'guest.toolsVersionStatus2',
  'customValue',
];

/** The server answers at least so often, with nothing when nothing happened: a dead connection shows. */
const HEARTBEAT_SECONDS = 60;
const PATIENCE_MS = (HEARTBEAT_SECONDS + 60) * 1000;
const MAX_OBJECTS = 250;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Tags, names of attributes, policies and what is around VMs are asked for; nobody tells of their changes. */
const REFRESH_MS = 5 * 60_000;

export interface Watched {
  readonly session: Session;
  readonly clock: Clock;
  readonly container: (signal: AbortSignal) => Promise<MoRef>;
  readonly reader: Pick<InventoryReader, 'all' | 'some' | 'refresh'>;
}

/** @throws MigrationError that waiting cannot heal: a refused login, a missing privilege, a wrong certificate */
export async function* watch(watched: Watched, signal: AbortSignal): AsyncGenerator<InventoryEvent> {
  const told = new Map<string, string>();
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const event of follow(watched, told, signal)) {
        if (event.kind === 'current') pause = FIRST_PAUSE_MS;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!healable(error)) throw error;
      // A server that restarts refuses for minutes.
      if (!(await rest(watched.clock, pause, signal))) return;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** Pauses; false when the signal ended the pause. */
async function rest(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return await clock.sleep(milliseconds, signal).then(
    () => true,
    () => false,
  );
}

function healable(error: unknown): boolean {
  if (isFault(error, 'InvalidCollectorVersion', 'NotAuthenticated', 'ManagedObjectNotFound', 'RequestCanceled')) return true;
  return error instanceof MigrationError && error.disposition !== 'stalled';
}

/** Watches for as long as session and collector live. The filter is made first, so that nothing falls between reading and watching. */
async function* follow(
  { session, clock, container, reader }: Watched,
  told: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<InventoryEvent> {
  const { generation } = session;
  const view = await createView(session, await container(signal), [{ type: 'VirtualMachine', paths: [] }], signal);
  const collector = await createCollector(session, view, signal);
  try {
    let version = await drain(session, collector, signal);
    let due = clock.now() + REFRESH_MS;
    yield* resync(reader.all(signal), told);
    // Filter and view belonged to the session; nobody would be told anything by a new one.
    while (generation === session.generation) {
      const update = await waitForUpdate(session, { collector, version, seconds: HEARTBEAT_SECONDS }, signal);
      if (update !== undefined) {
        version = update.version;
        const { changed, left } = readUpdate(update.node);
        yield* reread(reader, { ids: [...changed], told }, signal);
        yield* gone(told, left);
        if (!update.truncated) yield { kind: 'current' };
      }
      if (clock.now() < due) continue;
      due = clock.now() + REFRESH_MS;
      const different = await reader.refresh([...told.keys()], signal);
      if (different === 'all') yield* resync(reader.all(signal), told);
      else if (different.length > 0) {
        yield* reread(reader, { ids: different, told }, signal);
        yield { kind: 'current' };
      }
    }
  } finally {
    // Best effort: collector and view end with the session at the latest.
    const late = AbortSignal.timeout(5000);
    await session.call('DestroyPropertyCollector', collector, {}, { signal: late }).catch(() => undefined);
    await session.call('DestroyView', view, {}, { signal: late }).catch(() => undefined);
  }
}

/** Compares everything with what was told. */
async function* resync(all: AsyncIterable<SourceVm>, told: Map<string, string>): AsyncGenerator<InventoryEvent> {
  const present = new Set<string>();
  for await (const vm of all) {
    present.add(vm.ref.id);
    if (isNews(told, vm)) yield { kind: 'vm', vm };
  }
  yield* gone(
    told,
    [...told.keys()].filter((id) => !present.has(id)),
  );
  yield { kind: 'current' };
}

/** Reads these VMs again; those that are not found are gone. */
async function* reread(
  reader: Watched['reader'],
  { ids, told }: { readonly ids: readonly string[]; readonly told: Map<string, string> },
  signal: AbortSignal,
): AsyncGenerator<InventoryEvent> {
  for (let at = 0; at < ids.length; at += PAGE) {
    const missing = new Set(ids.slice(at, at + PAGE));
    for await (const vm of reader.some([...missing], signal)) {
      missing.delete(vm.ref.id);
      if (isNews(told, vm)) yield { kind: 'vm', vm };
    }
    yield* gone(told, missing);
  }
}

function* gone(told: Map<string, string>, ids: Iterable<string>): Generator<InventoryEvent> {
  for (const id of ids) if (told.delete(id)) yield { kind: 'gone', id };
}

/** Remembers a digest of what was told: 100,000 VMs cost a few megabytes, and unchanged ones are silent. */
function isNews(told: Map<string, string>, vm: SourceVm): boolean {
  const digest = createHash('sha1').update(JSON.stringify(vm)).digest('base64');
  if (told.get(vm.ref.id) === digest) return false;
  told.set(vm.ref.id, digest);
  return true;
}

/** A collector of its own: waiting on the session's own one would hold up everything else. */
async function createCollector(session: Session, view: MoRef, signal: AbortSignal): Promise<MoRef> {
  const answer = await session.call('CreatePropertyCollector', session.manager('propertyCollector'), {}, { signal });
  const collector = answer.ref('returnval');
  if (collector === undefined) throw new MigrationError('source-answer-broken', 'CreatePropertyCollector gave no collector');
  const spec = { fields: { propSet: propertySets([{ type: 'VirtualMachine', paths: WATCHED }]), objectSet: viewSpec(view) } };
  await session.call('CreateFilter', collector, { spec, partialUpdates: false }, { signal });
  return collector;
}

interface Update {
  readonly version: string;
  readonly truncated: boolean;
  readonly node: VimNode;
}

async function waitForUpdate(
  session: Session,
  { collector, version, seconds }: { readonly collector: MoRef; readonly version: string; readonly seconds: number },
  signal: AbortSignal,
): Promise<Update | undefined> {
  const options = { fields: { maxWaitSeconds: seconds, maxObjectUpdates: MAX_OBJECTS } };
  const answer = await session.call('WaitForUpdatesEx', collector, { version, options }, { signal, patience: PATIENCE_MS });
  const node = answer.get('returnval');
  const next = node?.string('version');
  return node === undefined || next === undefined
    ? undefined
    : { version: next, truncated: node.flag('truncated') === true, node };
}

/** The first sets tell every VM as new; they are counted off, because the reading that follows tells them better. */
async function drain(session: Session, collector: MoRef, signal: AbortSignal): Promise<string> {
  let version = '';
  for (;;) {
    const update = await waitForUpdate(session, { collector, version, seconds: 0 }, signal);
    if (update === undefined) return version;
    version = update.version;
    if (!update.truncated) return version;
  }
}

function readUpdate(node: VimNode): { readonly changed: ReadonlySet<string>; readonly left: ReadonlySet<string> } {
  const changed = new Set<string>();
  const left = new Set<string>();
  for (const object of node.list('filterSet').flatMap((filter) => filter.list('objectSet'))) {
    const ref = object.get('obj');
    const id = ref === undefined ? undefined : asRef(ref)?.id;
    if (id === undefined) continue;
    const isLeaving = object.string('kind') === 'leave';
    (isLeaving ? left : changed).add(id);
    // A VM that left and came back within one set is there.
    (isLeaving ? changed : left).delete(id);
  }
  return { changed, left };
}
