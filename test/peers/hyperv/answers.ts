/**
 * What the scripts answer, computed from the model. These are models too: what a real host answers is known from its documentation alone. Inputs
 * are read strictly, so that a client that sends something else is found out.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import type { DriveFacts } from './facts.ts';
import { type Checkpoint, type Drive, type Machine, Refusal } from './machine.ts';
import type { Node, System } from './system.ts';

type Input = Readonly<Record<string, unknown>>;

const SECTOR = 512;
/** Integration services by their GUIDs. */
const SHUTDOWN = '9f8233ac-be49-4c79-8ee3-e7e1985b2077';
const SERVICES = [
  '84eaae65-2f2e-45f5-9bb5-0e857dc8eb47', // heartbeat
  '2a34b1c2-fd73-4043-8a5b-dd2159bc743f', // key-value pairs
  '2497f4de-e9fa-4204-80e4-4b75c46419c0', // time
  '5ced1297-4598-4915-a5fc-ad21bb4d02a4', // volume shadow copies
];

export class Answers {
  readonly #system: System;
  /** Bytes that one call for changes tells of at most, drawn anew each time; all when undefined. */
  partial: number | undefined = 3 * 1024 * 1024;
  readonly #next = randomWords(0x70617274);

  constructor(system: System) {
    this.#system = system;
  }

  /** @throws Refusal what the script fails with; Error for an input that is none */
  async answer(node: Node, script: string, input: unknown): Promise<unknown> {
    const told = object(input);
    switch (script) {
      case 'host':
        return this.#host(node);
      case 'vms':
        return await this.#vms(node, told);
      case 'power':
        return await this.#power(this.#machine(node, told), text(told, 'action'));
      case 'disks':
        return { disks: await this.#disks(this.#machine(node, told), told) };
      case 'checkpoint': {
        const machine = this.#machine(node, told);
        return await machine.exclusive(() => this.#checkpoint(machine, told));
      }
      case 'forget':
        return this.#forget(this.#machine(node, told), told);
      case 'changes':
        return this.#changes(this.#machine(node, told), told);
      case 'retire':
        return this.#retire(this.#machine(node, told), told);
      default:
        throw new Error(`the model has no answer to ${script}`);
    }
  }

  #host(node: Node): unknown {
    const {
      cluster,
      rights = 'administrator',
      version = '10.0.20348',
      hyperv = true,
      clusterReadable = true,
    } = this.#system.options;
    const machines = [...this.#system.machines.values()].filter(({ clustered }) => clustered);
    return {
      name: node.name,
      fqdn: node.address,
      version,
      product: 'Windows Server 2022 Datacenter',
      powershell: '5.1.20348.1',
      vmVersions: ['8.0', '9.0', '10.0'],
      logicalProcessors: 32,
      memory: '274877906944',
      hyperv,
      user: `${node.name}\\Administrator`,
      isAdministrator: rights === 'administrator',
      isHyperVAdministrator: rights !== 'none',
      switches: this.#system.switches,
      volumes: this.#system.volumes.map((volume) => (volume.kind === 'csv' ? { owner: node.name, ...volume } : volume)),
      shares: this.#system.shares,
      cluster:
        cluster === undefined
          ? null
          : {
              name: cluster,
              readable: clusterReadable,
              nodes: clusterReadable
                ? this.#system.nodes.map(({ name, address, state }) => ({ name, fqdn: address, state }))
                : [],
              roles: clusterReadable
                ? machines.map(({ id, facts, node: owner }) => ({ vm: id, group: facts.name, owner, priority: 2000 }))
                : [],
            },
    };
  }

  async #vms(node: Node, told: Input): Promise<unknown> {
    const ids = told['ids'] === undefined ? undefined : texts(told, 'ids');
    const mine = [...this.#system.machines.values()].filter((m) => m.node === node.name && (ids?.includes(m.id) ?? true));
    return { vms: await Promise.all(mine.map((machine) => this.#vm(machine))) };
  }

  async #vm(machine: Machine): Promise<unknown> {
    const { facts, state, on } = machine;
    const services = [{ id: SHUTDOWN, enabled: machine.shutdownService }, ...SERVICES.map((id) => ({ id, enabled: true }))];
    return {
      id: machine.id,
      ...facts,
      state,
      host: machine.node,
      clustered: machine.clustered,
      uptimeSeconds: on ? 3600 : 0,
      // The guest tells of itself while it runs.
      kvp: on ? facts.kvp : {},
      adapters: facts.adapters.map(({ guest, addresses, ...adapter }) =>
        on ? { ...adapter, addresses, ...(guest && { guest }) } : { ...adapter, addresses: [] },
      ),
      disks: await Promise.all(machine.drives.map((drive) => driveFacts(drive))),
      integration: services.map(({ id, enabled }) => ({ id, enabled, ok: on && enabled })),
      checkpoints: machine.checkpoints.map(({ id, name, type, createdAt }) => ({ id, name, type, automatic: false, createdAt })),
    };
  }

  async #power(machine: Machine, action: string): Promise<unknown> {
    if (action === 'shutdown' && machine.state !== 'Off') {
      machine.refuse('shutdown');
      if (!machine.on || !machine.shutdownService) throw new Refusal('guest-not-reachable', 'The guest has no shutdown service.');
      if (machine.shutdown !== 'never') setTimeout(() => void machine.powerOff('guest', false), machine.shutdown).unref();
    } else if (action === 'turn-off') {
      await machine.exclusive(() => machine.powerOff('client'));
    } else if (action === 'start') {
      machine.refuse('start');
      machine.powerOn('client');
    } else if (action !== 'state' && action !== 'shutdown') throw new Error(`no such action: ${action}`);
    return { state: machine.state };
  }

  async #disks(machine: Machine, told: Input): Promise<readonly DriveFacts[]> {
    const id = told['checkpoint'] === undefined ? undefined : text(told, 'checkpoint');
    const checkpoint = id === undefined ? undefined : machine.checkpoints.find(({ instance }) => instance === id);
    if (id !== undefined && !checkpoint) throw new Refusal('checkpoint-not-found', 'The virtual machine has no such checkpoint.');
    return await Promise.all((checkpoint?.drives ?? machine.drives).map((drive) => driveFacts(drive, checkpoint)));
  }

  async #checkpoint(machine: Machine, told: Input): Promise<unknown> {
    const name = text(told, 'name');
    const action = text(told, 'action');
    if (action !== 'find') await machine.merge();
    const recovery = machine.checkpoints.filter(({ type }) => type === 'Recovery');
    const ours = recovery.find((checkpoint) => checkpoint.name === name);
    if (action === 'find') return ours ? { id: ours.instance } : {};
    if (action === 'create') {
      if (ours) return { id: ours.instance };
      if (recovery.length > 0) throw new Refusal('busy', 'The virtual machine has a recovery checkpoint of a backup.');
      const application = text(told, 'consistency') === 'application';
      if (application && machine.on && !machine.quiesces)
        throw new Refusal('job-failed', 'The guest could not be made consistent.', 32775);
      const made = await machine.checkpoint(name, { type: 'Recovery', foreign: false });
      return { id: made.instance, consistency: application || machine.state === 'Off' ? 'application' : 'crash' };
    }
    const checkpoint = ours?.instance === text(told, 'id') ? ours : undefined;
    const settled = machine.referencePoints.find((point) => point.name === name);
    if (action === 'settle') {
      const point = checkpoint ? await machine.settle(checkpoint) : settled;
      if (!point) throw new Refusal('checkpoint-not-found', 'Neither the checkpoint nor what it became is there.');
      return { referencePoint: { id: point.instance, disks: point.disks } };
    }
    if (action !== 'remove') throw new Error(`no such action: ${action}`);
    if (checkpoint) await machine.removeCheckpoint(checkpoint, 'client');
    if (settled) machine.forget(settled);
    if (!checkpoint) throw new Refusal('checkpoint-not-found', 'The checkpoint is gone.');
    return {};
  }

  #forget(machine: Machine, told: Input): unknown {
    const wanted = texts(told, 'referencePoints');
    const points = machine.referencePoints.filter(({ instance }) => wanted.includes(instance));
    machine.refuse('forget');
    for (const point of points) machine.forget(point);
    return { destroyed: points.map(({ instance }) => instance) };
  }

  #changes(machine: Machine, told: Input): unknown {
    machine.refuse('changes');
    const [path, since] = [text(told, 'path'), text(told, 'since')];
    const [offset, length] = [size(told, 'offset'), size(told, 'length')];
    const disk = [...machine.everyDisk].find((candidate) => candidate.holds(path));
    if (disk?.isLive(path) && machine.on) throw new Refusal('busy', 'GetVirtualDiskChanges answered 32774', 32774);
    const ranges = machine.knows(since) ? disk?.changes(path, since) : undefined;
    if (!ranges) throw new Refusal('tracking-unknown', 'The change tracking identifier is not known.');
    const processed =
      this.partial === undefined ? length : Math.min(length, SECTOR * (1 + (this.#next() % Math.ceil(this.partial / SECTOR))));
    const end = offset + processed;
    const inside = ranges.flatMap((range) => {
      const from = Math.max(range.offset, offset);
      const until = Math.min(range.offset + range.length, end);
      return from < until ? [[String(from), String(until - from)]] : [];
    });
    return { processed: String(processed), ranges: inside };
  }

  #retire(machine: Machine, told: Input): unknown {
    const { adapters } = machine.facts;
    const plugged = told['disconnect'] === true ? adapters.filter(({ switchName }) => switchName) : [];
    machine.facts = {
      ...machine.facts,
      adapters: adapters.map((adapter) =>
        plugged.includes(adapter) ? { ...adapter, connected: false, switchId: null, switchName: null } : adapter,
      ),
      ...(told['noAutomaticStart'] === true && { automaticStart: 'Nothing' as const }),
      ...(told['name'] !== undefined && { name: text(told, 'name') }),
    };
    machine.note('retired', 'client');
    return { name: machine.facts.name, disconnected: plugged.map(({ name }) => name) };
  }

  /** @throws Refusal where it is not, or not here */
  #machine(node: Node, told: Input): Machine {
    const machine = this.#system.machines.get(text(told, 'vm'));
    if (machine?.node === node.name) return machine;
    if (machine?.clustered) throw new Refusal('vm-elsewhere', `Another node has it: ${machine.node}`);
    throw new Refusal('vm-not-found', 'The host has no virtual machine of this id.');
  }
}

async function driveFacts({ disk, described, ...drive }: Drive, checkpoint?: Checkpoint): Promise<DriveFacts> {
  if (!disk) return { ...drive, path: described?.path ?? null, chain: described?.chain ?? [] };
  const chain = await disk.chain(checkpoint?.instance);
  return { ...drive, path: chain[0]?.path ?? null, chain };
}

function object(input: unknown): Input {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new Error('the input is no object');
  return input as Input;
}

function text(told: Input, name: string): string {
  const value = told[name];
  if (typeof value !== 'string' || value === '') throw new Error(`the input has no ${name}`);
  return value;
}

function texts(told: Input, name: string): readonly string[] {
  const value = told[name];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) throw new Error(`${name} is no list of texts`);
  return value;
}

function size(told: Input, name: string): number {
  const value = text(told, name);
  if (!/^\d+$/.test(value)) throw new Error(`${name} is no size`);
  return Number(value);
}
