/**
 * What happens to the VMs that have a simulated guest: snapshots freeze their disks, power and tracking take effect, consolidation may fail.
 * The simulator keeps the objects (snapshot tree, power state, flags); this file keeps the bytes in step with them.
 */
import { SimulatedDisk } from './disk.ts';
import { type GuestOptions, SimulatedGuest } from './guest.ts';
import { type Answer, answer, argument, encode, fault, type Reference, returned, type SoapCall } from './soap.ts';
import type { TaskRole, Tasks } from './tasks.ts';
import type { Upstream } from './upstream.ts';

export interface SnapshotRecord {
  readonly id: string;
  readonly vm: string;
  readonly name: string;
  state: 'present' | 'removed';
}

export interface MachineRules {
  /** How long tasks take, in ms by operation, such as `RemoveSnapshot_Task`; none when absent. */
  readonly slow?: Readonly<Record<string, number>>;
}

type Forward = () => Promise<Answer>;

const DEFAULT_CAPACITY = 8 * 1024 * 1024;
const NO_CHANGE = '<spec></spec>';

export class Machines {
  readonly guests = new Map<string, SimulatedGuest>();
  /** Every snapshot that was ever made through the stand-in. */
  readonly snapshots: SnapshotRecord[] = [];
  readonly #upstream: Upstream;
  readonly #tasks: Tasks;
  readonly #rules: MachineRules;
  readonly #failing = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** VMs that an export of the whole VM keeps from being powered on. */
  readonly exporting = new Set<string>();

  constructor(upstream: Upstream, tasks: Tasks, rules: MachineRules) {
    this.#upstream = upstream;
    this.#tasks = tasks;
    this.#rules = rules;
  }

  /** Gives a VM of the simulator disks with bytes. @param vm managed object id */
  async attach(vm: string, options: GuestOptions): Promise<SimulatedGuest> {
    const self = { type: 'VirtualMachine', id: vm };
    const devices = await this.#upstream.property(self, 'config.hardware.device');
    const capacity = options.capacity ?? DEFAULT_CAPACITY;
    const disks = [...devices.matchAll(/<VirtualDevice\b[^>]*type="VirtualDisk"[^>]*>([\s\S]*?)<\/VirtualDevice>/g)].map(
      ([, disk = '']) => {
        const key = Number(/<key>(\d+)</.exec(disk)?.[1]);
        return new SimulatedDisk({ key, capacity, file: /<fileName>([^<]*)</.exec(disk)?.[1] ?? '' });
      },
    );
    const guest = new SimulatedGuest(vm, disks, options);
    const tools = guest.tools ? 'guestToolsRunning' : 'guestToolsNotRunning';
    const extra = `<extraConfig><key>SET.guest.toolsRunningStatus</key><value xsi:type="xsd:string">${tools}</value></extraConfig>`;
    const flag = options.tracked ? '<changeTrackingEnabled>true</changeTrackingEnabled>' : '';
    await this.#upstream.run('ReconfigVM_Task', self, `<spec>${extra}${flag}</spec>`);
    this.guests.set(vm, guest);
    return guest;
  }

  /** The next removal of a snapshot of this VM leaves its files unmerged. */
  failConsolidation(vm: string): void {
    this.#failing.add(vm);
  }

  /** The guest that a snapshot belongs to. */
  guestOf(snapshot: string): SimulatedGuest | undefined {
    const record = this.snapshots.find((entry) => entry.id === snapshot);
    return record && this.guests.get(record.vm);
  }

  async poweredOn(vm: string): Promise<boolean> {
    return (await this.#upstream.text({ type: 'VirtualMachine', id: vm }, 'runtime.powerState')) === 'poweredOn';
  }

  stop(): void {
    for (const guest of this.guests.values()) guest.halt();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Answers the calls that mean something to disks; undefined for the rest. @param forward passes the call on to the simulator */
  async handle(call: SoapCall, forward: Forward): Promise<Answer | undefined> {
    switch (call.operation) {
      case 'CreateSnapshot_Task':
      case 'CreateSnapshotEx_Task':
        return this.#create(call, forward);
      case 'RemoveSnapshot_Task':
        return this.#remove(call, forward, this.#withChildren(call));
      case 'RemoveAllSnapshots_Task':
        return this.#remove(call, forward, this.#present(call.self.id));
      case 'RevertToSnapshot_Task':
        return this.#task(call, forward, () => this.#revert(call.self.id));
      case 'ConsolidateVMDisks_Task':
        return this.#consolidate(call);
      case 'PowerOnVM_Task':
        return this.#powerOn(call, forward);
      case 'PowerOffVM_Task':
        return this.#task(call, forward, () => this.guests.get(call.self.id)?.halt());
      case 'ShutdownGuest':
        return this.#shutdown(call);
      case 'ReconfigVM_Task':
        return this.#reconfigure(call, forward);
      default:
        return undefined;
    }
  }

  async #create(call: SoapCall, forward: Forward): Promise<Answer> {
    const guest = this.guests.get(call.self.id);
    const quiesce = argument(call, 'quiesce') === 'true' || /<quiesceSpec\b/.test(call.text);
    if (guest && quiesce && !(guest.quiesces && guest.tools) && (await this.poweredOn(guest.vm))) {
      return this.#failedTask(call, {
        type: 'ApplicationQuiesceFault',
        message: "An error occurred while quiescing the virtual machine. See the virtual machine's event log for details.",
      });
    }
    const name = argument(call, 'name') ?? '';
    const freeze = (snapshot: string): void => {
      this.snapshots.push({ id: snapshot, vm: call.self.id, name, state: 'present' });
      for (const disk of guest?.disks ?? []) disk.freeze(snapshot);
      guest?.stun();
    };
    const slow = this.#rules.slow?.[call.operation];
    return slow === undefined ? this.#task(call, forward, freeze) : this.#createLate(call, slow, freeze);
  }

  /** Nobody sees a snapshot before the task that makes it has ended. */
  async #createLate(call: SoapCall, ms: number, freeze: (snapshot: string) => void): Promise<Answer> {
    const task = await this.#carrier(call.self);
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
    return this.#task(call, forward, () => {
      for (const record of doomed) {
        record.state = 'removed';
        const merge = !this.#failing.delete(record.vm);
        for (const disk of this.guests.get(record.vm)?.disks ?? []) disk.release(record.id, merge);
        this.guests.get(record.vm)?.stun();
      }
    });
  }

  /** The snapshot itself, and with `removeChildren` all that were made after it, which is right for a chain without branches. */
  #withChildren(call: SoapCall): readonly SnapshotRecord[] {
    const record = this.snapshots.find((entry) => entry.id === call.self.id);
    if (!record) return [];
    if (argument(call, 'removeChildren') !== 'true') return [record];
    const chain = this.#present(record.vm);
    return chain.slice(chain.indexOf(record));
  }

  #present(vm: string): readonly SnapshotRecord[] {
    return this.snapshots.filter((entry) => entry.vm === vm && entry.state === 'present');
  }

  #revert(snapshot: string): void {
    for (const disk of this.guestOf(snapshot)?.disks ?? []) disk.revert(snapshot);
  }

  async #consolidate(call: SoapCall): Promise<Answer> {
    const task = await this.#carrier(call.self);
    this.#finish(call.operation, task, () => {
      for (const disk of this.guests.get(call.self.id)?.disks ?? []) disk.consolidate();
    });
    return answer(call.operation, `<returnval type="Task">${task}</returnval>`);
  }

  async #powerOn(call: SoapCall, forward: Forward): Promise<Answer> {
    if (this.exporting.has(call.self.id)) {
      return this.#failedTask(call, {
        type: 'TaskInProgress',
        message: 'The operation is not allowed in the current state: the virtual machine is being exported.',
      });
    }
    return this.#task(call, forward, () => this.guests.get(call.self.id)?.stun());
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
      const timer = setTimeout(() => void this.#off(self, guest), guest?.shutdown ?? 0);
      this.#timers.add(timer);
    }
    return answer(call.operation, '');
  }

  /** A guest flushes what it has not written yet before the power goes. */
  async #off(self: Reference, guest: SimulatedGuest | undefined): Promise<void> {
    guest?.writeSome(3);
    guest?.halt();
    // It may have been powered off meanwhile, which is as good.
    await this.#upstream.run('PowerOffVM_Task', self).catch(() => undefined);
  }

  #reconfigure(call: SoapCall, forward: Forward): Promise<Answer> {
    const asked = argument(call, 'changeTrackingEnabled');
    const guest = this.guests.get(call.self.id);
    return this.#task(call, forward, () => {
      if (guest && asked !== undefined) guest.trackingAsked = asked === 'true';
    });
  }

  /** Passes a call on that makes a task, and lets its effect happen before clients see the task's end. */
  async #task(call: SoapCall, forward: Forward, effect: (result: string) => void): Promise<Answer> {
    const made = await forward();
    if (made.status !== 200) return made;
    const task = returned(String(made.body));
    const result = await this.#upstream.result(task).catch(() => undefined);
    if (result !== undefined) this.#finish(call.operation, task, () => effect(result));
    return made;
  }

  #finish(operation: string, task: string, effect: () => void): void {
    const slow = this.#rules.slow?.[operation];
    if (slow === undefined) effect();
    else this.#tasks.hold(task, slow, effect);
  }

  /** A task of the simulator that does nothing. */
  async #carrier(vm: Reference): Promise<string> {
    const task = returned(await this.#upstream.call('ReconfigVM_Task', vm, NO_CHANGE));
    await this.#upstream.result(task);
    return task;
  }

  async #failedTask(call: SoapCall, error: { readonly type: string; readonly message: string }): Promise<Answer> {
    const task = await this.#carrier(call.self);
    this.#tasks.fail(task, error);
    return answer(call.operation, `<returnval type="Task">${task}</returnval>`);
  }
}

export function invalidPowerState(wanted: string, is: string): Answer {
  return fault('InvalidPowerState', {
    message: `The attempted operation cannot be performed in the current state (${is === 'poweredOn' ? 'Powered on' : 'Powered off'}).`,
    fields: `<requestedState>${wanted}</requestedState><existingState>${is}</existingState>`,
  });
}
