/** VMs as a stream: first their names, which is cheap and gives an order, then their properties in pages of bounded size. */
import type { VmRef } from '../../../src/model/vm.ts';
import { below, type ObjectProperties, PAGE, these } from '../properties.ts';
import type { Session } from '../session.ts';
import type { MoRef } from '../vim/node.ts';
import { decodeName } from './names.ts';
import { VM_PATHS } from './paths.ts';

/** Pages asked for at once: while one is mapped, the server prepares the next. */
const AHEAD = 2;

/** Names and ids of all VMs below `container`, in the order of their ids: the same each time. */
export async function listVms(session: Session, container: MoRef, signal: AbortSignal): Promise<readonly VmRef[]> {
  const refs: VmRef[] = [];
  for await (const vm of below(session, container, [{ type: 'VirtualMachine', paths: ['name'] }], signal)) {
    refs.push({ id: vm.ref.id, name: decodeName(vm.string('name') ?? vm.ref.id) });
  }
  return refs.sort(byId);
}

/** `vm-9` before `vm-10`. */
function byId(a: VmRef, b: VmRef): number {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** These VMs with all that is read of them, in their order; those that were removed meanwhile are left out. */
export async function* readVms(
  session: Session,
  wanted: readonly VmRef[],
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties> {
  yield* readAhead(pages(wanted), (page) => readPage(session, page, signal));
}

function* pages(refs: readonly VmRef[]): Generator<readonly VmRef[]> {
  for (let at = 0; at < refs.length; at += PAGE) yield refs.slice(at, at + PAGE);
}

/** One page in the order that was asked for. Servers may answer in another; then at most one page waits in memory. */
async function* readPage(session: Session, page: readonly VmRef[], signal: AbortSignal): AsyncGenerator<ObjectProperties> {
  const refs = page.map(({ id }) => ({ type: 'VirtualMachine', id }));
  const early = new Map<string, ObjectProperties>();
  let next = 0;
  for await (const found of these(session, refs, { type: 'VirtualMachine', paths: VM_PATHS }, signal)) {
    early.set(found.ref.id, found);
    for (let due = early.get(refs[next]?.id ?? ''); due !== undefined; due = early.get(refs[next]?.id ?? '')) {
      early.delete(due.ref.id);
      next += 1;
      yield due;
    }
  }
  // What is left waits behind VMs that were removed in the meantime.
  for (const { id } of refs) {
    const late = early.get(id);
    if (late !== undefined) yield late;
  }
}

/** Runs the readers in order, with the next ones already asking. */
async function* readAhead<P, T>(inputs: Iterable<P>, read: (input: P) => AsyncGenerator<T>): AsyncGenerator<T> {
  const running: Started<T>[] = [];
  try {
    for (const input of inputs) {
      running.push(start(read(input)));
      if (running.length < AHEAD) continue;
      const first = running[0];
      if (first !== undefined) yield* drain(first);
      running.shift();
    }
    while (running[0] !== undefined) {
      yield* drain(running[0]);
      running.shift();
    }
  } finally {
    await Promise.allSettled(running.map(({ rest }) => rest.return(undefined)));
  }
}

interface Started<T> {
  readonly first: Promise<IteratorResult<T>>;
  readonly rest: AsyncGenerator<T>;
}

function start<T>(rest: AsyncGenerator<T>): Started<T> {
  const first = rest.next();
  // It is awaited later; until then a failure is nobody's.
  first.catch(() => undefined);
  return { first, rest };
}

async function* drain<T>({ first, rest }: Started<T>): AsyncGenerator<T> {
  const { done, value } = await first;
  if (done) return;
  yield value;
  yield* rest;
}
