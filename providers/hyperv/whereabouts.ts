/** Where each VM is, and running scripts there. In a cluster a VM that is not where it was is looked for, and followed. */
import type { Clock } from '../../src/contracts/clock.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmRef } from '../../src/model/vm.ts';
import type { Hosts } from './hosts.ts';
import type { Remote } from './remote.ts';
import { ScriptFailed } from './scripts/answer.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from './scripts/contract.ts';
import type { Vm } from './scripts/vm-answer.ts';
import { explain, failedWith } from './trouble.ts';

/** What ran, and where. */
export interface Found<T> {
  /** Name of the node. */
  readonly node: string;
  readonly answer: T;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A VM on the move is looked for so often, with this pause before the last. */
const LOOKS = 3;
const PAUSE_MS = 2000;

export class Whereabouts {
  readonly #hosts: Hosts;
  readonly #clock: Clock;
  /** The node's name, by the id of the VM. */
  readonly #places = new Map<string, string>();

  constructor(hosts: Hosts, clock: Clock) {
    this.#hosts = hosts;
    this.#clock = clock;
  }

  /** Notes where a VM was seen. */
  saw(vm: string, node: string): void {
    this.#places.set(vm, node);
  }

  /**
   * Runs a script where the VM is.
   * @throws MigrationError `vm-not-found`, `source-busy` for a VM that is on the move, `source-unreachable` for one on a node that is down, and
   * those of `Remote.run`
   * @throws ScriptFailed what the script says of the VM
   */
  async run<Name extends ScriptName>(
    vm: VmRef,
    name: Name,
    input: ScriptInput<Name>,
    signal: AbortSignal,
  ): Promise<Found<ScriptAnswer<Name>>> {
    return await this.#follow(vm, (remote) => remote.run(name, input, signal), signal);
  }

  /** A VM as it is now. @throws like `run` */
  async vm(ref: VmRef, signal: AbortSignal): Promise<Found<Vm>> {
    return await this.#follow(
      ref,
      async (remote) => {
        const [vm] = (await remote.run('vms', { ids: [ref.id] }, signal)).vms;
        if (vm !== undefined) return vm;
        throw new ScriptFailed({ failed: { code: 'vm-not-found', message: `${remote.host} does not have it` } });
      },
      signal,
    );
  }

  async #follow<T>(vm: VmRef, work: (remote: Remote) => Promise<T>, signal: AbortSignal): Promise<Found<T>> {
    signal.throwIfAborted();
    if (!GUID.test(vm.id)) throw notFound(vm);
    for (let looks = 1; ; looks += 1) {
      const node = this.#places.get(vm.id) ?? (await this.#find(vm, looks > 1, signal));
      try {
        const answer = await work(await this.#hosts.remote(node, signal));
        this.#places.set(vm.id, node);
        return { node, answer };
      } catch (error) {
        signal.throwIfAborted();
        if (!isElsewhere(error)) throw error;
        this.#places.delete(vm.id);
        if (this.#hosts.cluster === undefined || looks >= LOOKS) throw lost(vm, error);
        if (looks > 1) await this.#clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  /** @param fresh ask the cluster again where its VMs are @throws MigrationError */
  async #find(vm: VmRef, fresh: boolean, signal: AbortSignal): Promise<string> {
    const [first] = this.#hosts.nodes;
    if (first !== undefined && this.#hosts.cluster === undefined) return first.name;
    if (fresh) await this.#hosts.refresh(signal);
    const role = this.#hosts.roles.find((candidate) => candidate.vm === vm.id);
    if (role === undefined) return await this.#askEveryNode(vm, signal);
    if (this.#hosts.node(role.owner)?.state !== 'Down') return role.owner;
    // Its cluster may have moved it since.
    if (!fresh) return await this.#find(vm, true, signal);
    throw onDeadNode(vm, role.owner);
  }

  /** A VM that is no role of the cluster stays where it is. @throws MigrationError `vm-not-found`; that of a node that does not answer */
  async #askEveryNode(vm: VmRef, signal: AbortSignal): Promise<string> {
    const up = this.#hosts.nodes.filter(({ state }) => state !== 'Down');
    const asked = await Promise.allSettled(
      up.map(async ({ name }) => {
        const remote = await this.#hosts.remote(name, signal);
        return await remote.run('power', { vm: vm.id, action: 'state' }, signal);
      }),
    );
    signal.throwIfAborted();
    const found = up[asked.findIndex(({ status }) => status === 'fulfilled')];
    if (found !== undefined) return found.name;
    for (const outcome of asked) {
      if (outcome.status === 'fulfilled' || failedWith(outcome.reason, 'vm-not-found', 'vm-elsewhere')) continue;
      throw explain(outcome.reason, { what: `VM ${vm.name} cannot be looked for`, vm: vm.name });
    }
    throw notFound(vm);
  }
}

/** The node does not have it, or does not answer: in a cluster another one may. */
function isElsewhere(error: unknown): boolean {
  if (failedWith(error, 'vm-not-found', 'vm-elsewhere')) return true;
  return error instanceof MigrationError && error.code === 'source-unreachable';
}

export function onDeadNode({ name }: VmRef, node: string): MigrationError {
  return new MigrationError('source-unreachable', `VM ${name} is on node ${node}, which is down.`, {
    vm: name,
    hint: 'Start the node, or let the cluster move the VM to another one.',
  });
}

function lost(vm: VmRef, error: unknown): unknown {
  if (failedWith(error, 'vm-not-found')) return notFound(vm);
  return explain(error, { what: `VM ${vm.name} is not where it was`, vm: vm.name });
}

function notFound({ name }: VmRef): MigrationError {
  return new MigrationError('vm-not-found', `VM ${name} is on no host that was asked.`, { vm: name });
}
