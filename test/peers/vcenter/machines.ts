/**
 * What clients do to the VMs that have a simulated guest: snapshots freeze their disks, power and tracking take effect, consolidation may fail.
 * The simulator keeps the objects (snapshot tree, power state, flags); this file keeps the bytes in step with them. What others do to the VMs is
 * in `others.ts`.
 */
import { Chronicle, type Happening } from './chronicle.ts';
import { SimulatedDisk } from './disk.ts';
import { type GuestOptions, SimulatedGuest } from './guest.ts';
import { matchDisks, toolsOption, virtualMachine } from './hardware.ts';
import { type Answer, answer, argument, encode, fault, returned, type SoapCall } from './soap.ts';
import type { TaskRole, Tasks } from './tasks.ts';
import type { Upstream } from './upstream.ts';
import { type Forward, type Refusal, Works } from './works.ts';

export interface SnapshotRecord {
  readonly id: string;
  readonly vm: string;
  readonly name: string;
  /** Made by another program than the client under test, such as a backup. */
  readonly foreign: boolean;
  state: 'present' | 'removed';
}

export interface MachineRules {
  /** How long tasks take, in ms by operation, such as `RemoveSnapshot_Task`; none when absent. */
  readonly slow?: Readonly<Record<string, number>>;
}

const DEFAULT_CAPACITY = 8 * 1024 * 1024;

export class Machines {
  readonly guests = new Map<string, SimulatedGuest>();
  /** Every snapshot that was ever made through the stand-in. */
  readonly snapshots: SnapshotRecord[] = [];
  readonly chronicle = new Chronicle();
  readonly #upstream: Upstream;
  readonly #tasks: Tasks;
  readonly #rules: MachineRules;
  readonly #failing = new Set<string>();
  readonly #works: Works;
  /** Shutdowns under way, by VM. */
  readonly #shutdowns = new Map<string, NodeJS.Timeout>();
  /** VMs that an export of the whole VM keeps from being powered on. */
  readonly exporting = new Set<string>();
  #requests = 0;

  constructor(upstream: Upstream, tasks: Tasks, rules: MachineRules) {
    this.#upstream = upstream;
    this.#tasks = tasks;
    this.#rules = rules;
    const vmOf = (object: string) => this.snapshots.find(({ id }) => id === object)?.vm ?? object;
    this.#works = new Works({ upstream, tasks, slow: rules.slow ?? {}, vmOf });
  }

  /** Gives a VM of the simulator disks with bytes. @param vm managed object id */
  async attach(vm: string, options: GuestOptions & { readonly name?: string }): Promise<SimulatedGuest> {
    const self = virtualMachine(vm);
    const wanted = options.disks;
    const disks = (await matchDisks(this.#upstream, vm, wanted)).map(
      ({ key, file }, at) => new SimulatedDisk({ key, capacity: wanted?.[at] ?? options.capacity ?? DEFAULT_CAPACITY, file }),
    );
    const guest = new SimulatedGuest(vm, disks, options);
    const flag = options.tracked ? '<changeTrackingEnabled>true</changeTrackingEnabled>' : '';
    await this.#upstream.run('ReconfigVM_Task', self, `<spec>${toolsOption(guest.tools)}${flag}</spec>`);
    guest.on = await this.poweredOn(vm);
    this.chronicle.note(vm, guest.on ? 'on' : 'off', 'test');
    this.guests.set(vm, guest);
    return guest;
  }

  /** Forgets a guest and the snapshots of its VM. */
  forget(vm: string): void {
    this.guests.delete(vm);
    for (const record of this.present(vm)) record.state = 'removed';
  }

  /** The next removal of a snapshot of this VM leaves its files unmerged. */
  failConsolidation(vm: string): void {
    this.#failing.add(vm);
  }

  /** The next tasks of that kind on this VM end with an error. */
  refuse(vm: string, refusal: Refusal): void {
    this.#works.refuse(vm, refusal);
  }

  /** The guest that a snapshot belongs to. */
  guestOf(snapshot: string): SimulatedGuest | undefined {
    const record = this.snapshots.find((entry) => entry.id === snapshot);
    return record && this.guests.get(record.vm);
  }

  async poweredOn(vm: string): Promise<boolean> {
    return (await this.#upstream.text(virtualMachine(vm), 'runtime.powerState')) === 'poweredOn';
  }

  /** A request has come: guests that write by the request do so. */
  served(): void {
    this.#requests += 1;
    for (const guest of this.guests.values()) {
      if (guest.writeEvery !== undefined && this.#requests % guest.writeEvery === 0) guest.tick();
    }
  }

  stop(): void {
    for (const guest of this.guests.values()) guest.halt();
    for (const timer of this.#shutdowns.values()) clearTimeout(timer);
  }

  /** Answers the calls that mean something to disks; undefined for the rest. @param forward passes the call on to the simulator */
  async handle(call: SoapCall, forward: Forward): Promise<Answer | undefined> {
    const refused = await this.#works.refused(call);
    if (refused) return refused;
    switch (call.operation) {
      case 'CreateSnapshot_Task':
      case 'CreateSnapshotEx_Task':
        return this.#create(call, forward);
      case 'RemoveSnapshot_Task':
        return this.#remove(call, forward, this.#withChildren(call));
      case 'RemoveAllSnapshots_Task':
        return this.#remove(call, forward, this.present(call.self.id));
      case 'RevertToSnapshot_Task':
        return this.#works.task(call, forward, () => this.reverted(call.self.id, 'client'));
      case 'ConsolidateVMDisks_Task':
        return this.#consolidate(call);
      case 'PowerOnVM_Task':
        return this.#powerOn(call, forward);
      case 'PowerOffVM_Task':
      case 'SuspendVM_Task':
        return this.#powerOff(call, forward);
      case 'ShutdownGuest':
        return this.#shutdown(call);
      case 'ReconfigVM_Task':
        return this.#reconfigure(call, forward);
      default:
        return undefined;
    }
  }

  /** A snapshot was made. */
  taken(vm: string, { id, name, by }: { readonly id: string; readonly name: string; readonly by: Happening['by'] }): void {
    this.snapshots.push({ id, vm, name, foreign: by !== 'client', state: 'present' });
    this.chronicle.note(vm, `snapshot ${name} made`, by);
    const guest = this.guests.get(vm);
    for (const disk of guest?.disks ?? []) disk.freeze(id);
    guest?.stun();
  }

  /** A snapshot is gone. */
  released(record: SnapshotRecord, by: Happening['by']): void {
    record.state = 'removed';
    const merge = by !== 'client' || !this.#failing.delete(record.vm);
    this.chronicle.note(record.vm, `snapshot ${record.name} removed${merge ? '' : ', not merged'}`, by);
    const guest = this.guests.get(record.vm);
    for (const disk of guest?.everyDisk ?? []) disk.release(record.id, merge);
    guest?.stun();
  }

  reverted(snapshot: string, by: Happening['by']): void {
    const guest = this.guestOf(snapshot);
    if (!guest) return;
    this.chronicle.note(guest.vm, 'reverted', by);
    for (const disk of guest.disks) disk.revert(snapshot);
  }

  powered(vm: string, state: 'on' | 'off', by: Happening['by']): void {
    const { order } = this.chronicle.note(vm, state, by);
    clearTimeout(this.#shutdowns.get(vm));
    const guest = this.guests.get(vm);
    if (!guest) return;
    if (state === 'off') guest.rest(order);
    else guest.wake();
  }

  /** Snapshots that a VM has, oldest first. */
  present(vm: string): readonly SnapshotRecord[] {
    return this.snapshots.filter((entry) => entry.vm === vm && entry.state === 'present');
  }

  async #create(call: SoapCall, forward: Forward): Promise<Answer> {
    const guest = this.guests.get(call.self.id);
    const quiesce = argument(call, 'quiesce') === 'true' || /<quiesceSpec\b/.test(call.text);
    if (guest?.on && quiesce && !(guest.quiesces && guest.tools)) {
      return this.#works.failed(call, {
        type: 'ApplicationQuiesceFault',
        message: "An error occurred while quiescing the virtual machine. See the virtual machine's event log for details.",
      });
    }
    const name = argument(call, 'name') ?? '';
    const freeze = (id: string): void => this.taken(call.self.id, { id, name, by: 'client' });
    const slow = this.#rules.slow?.[call.operation];
    return slow === undefined ? this.#works.task(call, forward, freeze) : this.#createLate(call, slow, freeze);
  }

  /** Nobody sees a snapshot before the task that makes it has ended. */
  async #createLate(call: SoapCall, ms: number, freeze: (snapshot: string) => void): Promise<Answer> {
    const task = await this.#works.carrier(call.self);
    const role: TaskRole = { kind: 'VirtualMachine.createSnapshot' };
    this.#tasks.play(task, role);
    const inner = ['name', 'description', 'memory', 'quiesce']
      .map((field) => `<${field}>${encode(argument(call, field) ?? '')}</${field}>`)
      .join('');
    this.#tasks.hold(task, ms, async () => {
      const id = await this.#upstream.run('CreateSnapshot_Task', call.self, inner);
      freeze(id);
      role.result = { type: 'VirtualMachineSnapshot', id };
    });
    return answer(call.operation, `<returnval type="Task">${task}</returnval>`);
  }

  #remove(call: SoapCall, forward: Forward, doomed: readonly SnapshotRecord[]): Promise<Answer> {
    return this.#works.task(call, forward, () => {
      for (const record of doomed) this.released(record, 'client');
    });
  }

  /** The snapshot itself, and with `removeChildren` all that were made after it, which is right for a chain without branches. */
  #withChildren(call: SoapCall): readonly SnapshotRecord[] {
    const record = this.snapshots.find((entry) => entry.id === call.self.id);
    if (!record) return [];
    if (argument(call, 'removeChildren') !== 'true') return [record];
    const chain = this.present(record.vm);
    return chain.slice(chain.indexOf(record));
  }

  async #consolidate(call: SoapCall): Promise<Answer> {
    const task = await this.#works.carrier(call.self);
    this.#works.finish(call.operation, task, () => {
      this.chronicle.note(call.self.id, 'consolidated', 'client');
      for (const disk of this.guests.get(call.self.id)?.disks ?? []) disk.consolidate();
    });
    return answer(call.operation, `<returnval type="Task">${task}</returnval>`);
  }

  async #powerOn(call: SoapCall, forward: Forward): Promise<Answer> {
    if (this.exporting.has(call.self.id)) {
      return this.#works.failed(call, {
        type: 'TaskInProgress',
        message: 'The operation is not allowed in the current state: the virtual machine is being exported.',
      });
    }
    return this.#works.task(call, forward, () => this.powered(call.self.id, 'on', 'client'));
  }

  /** The guest stops before the power goes, so that nothing is written after anybody could see it off. */
  async #powerOff(call: SoapCall, forward: Forward): Promise<Answer> {
    const guest = this.guests.get(call.self.id);
    if (!guest?.on) return forward();
    guest.on = false;
    const made = await forward();
    const task = made.status === 200 ? returned(String(made.body)) : undefined;
    const result = task === undefined ? undefined : await this.#upstream.result(task).catch(() => undefined);
    if (task === undefined || result === undefined) {
      guest.on = await this.poweredOn(guest.vm);
      return made;
    }
    this.powered(guest.vm, 'off', 'client');
    this.#works.finish(call.operation, task, () => undefined);
    return made;
  }

  async #shutdown(call: SoapCall): Promise<Answer> {
    const { self } = call;
    if (!(await this.poweredOn(self.id))) return invalidPowerState('poweredOn', 'poweredOff');
    const status = await this.#upstream.text(self, 'guest.toolsRunningStatus');
    if (status !== 'guestToolsRunning') {
      return fault('ToolsUnavailable', {
        message: 'Cannot complete operation because VMware Tools is not running in this virtual machine.',
      });
    }
    const guest = this.guests.get(self.id);
    if (guest?.shutdown !== 'never') {
      clearTimeout(this.#shutdowns.get(self.id));
      this.#shutdowns.set(
        self.id,
        setTimeout(() => void this.goOff(self.id), guest?.shutdown ?? 0),
      );
    }
    return answer(call.operation, '');
  }

  /** A guest shuts down: it flushes what it has not written yet before the power goes. Nothing happens where it is off already. */
  async goOff(vm: string): Promise<void> {
    const guest = this.guests.get(vm);
    if (guest && !guest.on) return;
    guest?.burst();
    guest?.tick(3);
    if (guest) guest.on = false;
    const done = await this.#upstream.run('PowerOffVM_Task', virtualMachine(vm)).then(
      () => true,
      () => false,
    );
    if (done) this.powered(vm, 'off', 'guest');
  }

  #reconfigure(call: SoapCall, forward: Forward): Promise<Answer> {
    const asked = argument(call, 'changeTrackingEnabled');
    const guest = this.guests.get(call.self.id);
    return this.#works.task(call, forward, () => {
      if (!guest || asked === undefined) return;
      guest.trackingAsked = asked === 'true';
      // The files of a VM that is off are written at once (seen on ESXi 8.0.1).
      if (!guest.on) guest.stun();
    });
  }
}

export function invalidPowerState(wanted: string, is: string): Answer {
  return fault('InvalidPowerState', {
    message: `The attempted operation cannot be performed in the current state (${is === 'poweredOn' ? 'Powered on' : 'Powered off'}).`,
    fields: `<requestedState>${wanted}</requestedState><existingState>${is}</existingState>`,
  });
}
