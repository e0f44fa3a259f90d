/**
 * All VMs of a host or of a cluster, node after node, by one question a node. What can be read is delivered; whoever gets fewer than there are is told
 * at the end: of a node that is up and does not answer, and of VMs of the cluster that are on a node that is down. Such a node's other VMs do not
 * run and cannot be read by anybody; that it is down is said with the hosts.
 */
import type { ReadHint } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { HostNode, Hosts, Role } from './hosts.ts';
import type { Host } from './scripts/host-answer.ts';
import type { Vm } from './scripts/vm-answer.ts';
import { explain } from './trouble.ts';
import { onDeadNode, type Whereabouts } from './whereabouts.ts';

/** Nodes that are asked before the one is through whose VMs are delivered. Each answer is held in memory. */
const AHEAD = 3;

export interface ReadVm {
  readonly vm: Vm;
  /** That it is on. */
  readonly host: Host;
}

export interface Place {
  readonly hosts: Hosts;
  readonly whereabouts: Whereabouts;
}

export async function* allVms(place: Place, hint: ReadHint | undefined, signal: AbortSignal): AsyncGenerator<ReadVm> {
  signal.throwIfAborted();
  const { hosts } = place;
  if (hosts.cluster !== undefined) await hosts.refresh(signal);
  const up = hosts.nodes.filter(({ state }) => state !== 'Down');
  const told = new Set<string>();
  const missing: MigrationError[] = [];
  for await (const outcome of inOrder(up, (node) => read(place, node, signal))) {
    if (outcome instanceof MigrationError) missing.push(outcome);
    else yield* news(outcome, { told, hint, place });
  }
  for (const [owner, roles] of await moved(hosts, told, signal)) {
    const left = roles.filter(({ vm, group }) => hint?.wants?.({ id: vm, name: group }) !== false);
    const [first] = left;
    if (first === undefined) continue;
    const node = hosts.node(owner);
    if (node === undefined || node.state === 'Down') {
      missing.push(onDeadNode({ id: first.vm, name: left.map(({ group }) => group).join(', ') }, owner));
      continue;
    }
    const ids = left.map(({ vm }) => vm);
    const outcome = await read(place, node, signal, ids);
    if (outcome instanceof MigrationError) missing.push(outcome);
    else yield* news(outcome, { told, hint, place });
  }
  const [failure] = missing;
  if (failure !== undefined) throw failure;
}

interface Telling {
  readonly told: Set<string>;
  readonly hint: ReadHint | undefined;
  readonly place: Place;
}

/** A VM that moved while the nodes were asked is told once. */
function* news({ node, vms, host }: Read, { told, hint, place }: Telling): Generator<ReadVm> {
  for (const vm of vms) {
    if (told.has(vm.id)) continue;
    told.add(vm.id);
    place.whereabouts.saw(vm.id, node);
    if (hint?.wants?.(vm) !== false) yield { vm, host };
  }
}

interface Read {
  readonly node: string;
  readonly host: Host;
  readonly vms: readonly Vm[];
}

/** @returns the error of a node that cannot be read: the others can */
async function read(
  { hosts }: Place,
  { name }: HostNode,
  signal: AbortSignal,
  ids?: readonly string[],
): Promise<Read | MigrationError> {
  try {
    const remote = await hosts.remote(name, signal);
    const [host, { vms }] = await Promise.all([
      hosts.facts(name, signal, ids === undefined),
      remote.run('vms', ids === undefined ? {} : { ids: [...ids] }, signal),
    ]);
    return { node: name, host, vms: vms.toSorted(byName) };
  } catch (error) {
    signal.throwIfAborted();
    const explained = explain(error, { what: `The VMs of ${name} cannot be read`, file: name });
    if (explained instanceof MigrationError) return explained;
    throw explained;
  }
}

function byName(a: Vm, b: Vm): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Roles of the cluster that no node told of, by their owner: they moved from one that was not asked yet to one that had been. */
async function moved(hosts: Hosts, told: ReadonlySet<string>, signal: AbortSignal): Promise<Map<string, readonly Role[]>> {
  if (hosts.roles.every(({ vm }) => told.has(vm))) return new Map();
  await hosts.refresh(signal);
  return Map.groupBy(
    hosts.roles.filter(({ vm }) => !told.has(vm)),
    ({ owner }) => owner,
  );
}

/** Answers in the order of the questions; some are asked ahead. */
async function* inOrder<Question, Answer>(
  questions: readonly Question[],
  ask: (question: Question) => Promise<Answer>,
): AsyncGenerator<Answer> {
  const asked: Promise<Answer>[] = [];
  for (let at = 0; at < questions.length; at += 1) {
    for (const question of questions.slice(asked.length, at + 1 + AHEAD)) {
      const answer = ask(question);
      // Whoever waits for it is told; perhaps nobody does any more.
      answer.catch(() => undefined);
      asked.push(answer);
    }
    const next = asked[at];
    if (next !== undefined) yield await next;
  }
}
