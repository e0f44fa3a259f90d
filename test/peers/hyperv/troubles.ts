/**
 * Troubles of a migration by name, one at a time to order, or at random by a seed while scripts run. Those that cannot strike at the moment (a
 * disk below a checkpoint does not grow) are left out, and the answer says so. What goes wrong on the wire is in weather.ts, and may be part of
 * a plague too.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import { PlagueClock } from '../plague.ts';
import { type Machine, Refusal } from './machine.ts';
import type { Others } from './others.ts';
import { WEATHER, type Weather, type WeatherKind } from './weather.ts';

const MiB = 1024 * 1024;

interface Scene {
  readonly others: Others;
  readonly weather: Weather;
  readonly machines: ReadonlyMap<string, Machine>;
  /** The service of all hosts restarts. */
  readonly outage: () => Promise<void>;
}

type Strike = (scene: Scene, machine: Machine, next: () => number) => unknown;

/** Those that give `false` could not strike. */
const TROUBLES = {
  /** A job ends in state 10. */
  'checkpoint-fails': (_scene, machine) => fails(machine, 'create', NO_SPACE),
  'settle-fails': (_scene, machine) => fails(machine, 'settle', FAILED),
  'removal-fails': (_scene, machine) => fails(machine, 'remove', FAILED),
  'forget-fails': (_scene, machine) => fails(machine, 'forget', FAILED),
  'start-fails': (_scene, machine) => fails(machine, 'start', NO_MEMORY),
  'quiesce-fails': (_scene, machine) => {
    machine.quiesces = false;
  },
  /** 4096: a job, which brings no ranges. */
  'tracking-unavailable': (_scene, machine) => fails(machine, 'changes', UNAVAILABLE),
  'rct-reset': ({ others }, machine) => others.resetTracking(machine),
  /** A checkpoint goes, its files stay until somebody asks again. */
  'merge-late': (_scene, machine) => {
    machine.mergesLate += 1;
  },
  'backup-begins': ({ others }, machine) => machine.checkpoints.length < 3 && others.checkpoint(machine, 'Recovery'),
  'backup-ends': ({ others }, machine) => {
    const backup = machine.checkpoints.find(({ foreign, type }) => foreign && type === 'Recovery');
    return backup !== undefined && others.removeCheckpoint(machine, backup);
  },
  'user-checkpoint': ({ others }, machine) => machine.checkpoints.length < 3 && others.checkpoint(machine, 'Standard'),
  'user-checkpoint-removed': ({ others }, machine) => {
    const standard = machine.checkpoints.find(({ type }) => type === 'Standard');
    return standard !== undefined && others.removeCheckpoint(machine, standard);
  },
  reverted: ({ others }, machine) => {
    const standard = machine.checkpoints.find(({ type }) => type === 'Standard');
    return standard !== undefined && others.revert(machine, standard);
  },
  'our-checkpoint-removed': ({ others }, machine) => {
    const ours = machine.checkpoints.find(({ foreign }) => !foreign);
    return ours !== undefined && others.removeCheckpoint(machine, ours);
  },
  'disk-grown': ({ others }, machine, next) => {
    const slots = [...machine.disks.keys()];
    return others.grow(machine, slots[next() % slots.length], MiB);
  },
  'disk-added': ({ others }, machine) => machine.drives.length < 4 && others.addDisk(machine, { capacity: 2 * MiB }),
  'disk-removed': ({ others }, machine) => others.removeDisk(machine),
  moved: ({ others }, machine) => others.move(machine),
  'moved-and-reset': ({ others }, machine) => others.move(machine, 'reset'),
  'storage-moved': ({ others }, machine, next) => others.moveStorage(machine, `C:\\VMs\\elsewhere ${next() % 1000}`),
  failover: ({ others }, machine) => others.failover(machine),
  'shutdown-hangs': (_scene, machine) => {
    machine.shutdown = 'never';
  },
  'no-shutdown-service': (_scene, machine) => {
    machine.shutdownService = false;
  },
  'guest-shuts-down': (_scene, machine) => machine.on && machine.powerOff('guest', false),
  'power-cut': ({ others }, machine) => machine.on && others.powerOff(machine),
  'somebody-starts': ({ others }, machine) => !machine.on && others.powerOn(machine),
  outage: ({ outage }) => outage(),
  burst: (_scene, machine) => machine.burst(),
} as const satisfies Record<string, Strike>;

export type Trouble = keyof typeof TROUBLES;

/** Of the troubles of a plague, where it does not say. */
const EVERY = 10;

export interface Plague {
  readonly seed: number;
  /** What may happen, to machines and on the wire. */
  readonly kinds: readonly (Trouble | WeatherKind)[];
  /** To whom; every machine when absent. */
  readonly machines?: readonly Machine[];
  /** Scripts between two troubles on average; 10 when absent. */
  readonly every?: number;
  /** Troubles in all; no limit when absent. */
  readonly most?: number;
}

const NO_SPACE = () => new Refusal('job-failed', 'The job ended in state 10: there is not enough space on the disk.', 32768);
const FAILED = () => new Refusal('job-failed', 'The job ended in state 10.', 32768);
const NO_MEMORY = () => new Refusal('failed', 'Not enough memory in the system to start the virtual machine.', 32778);
const UNAVAILABLE = () => new Refusal('tracking-unavailable', 'GetVirtualDiskChanges answered 4096', 4096);

export class Troubles {
  readonly #scene: Scene;
  #plague: { readonly clock: PlagueClock<Trouble | WeatherKind>; readonly machines: Plague['machines'] } | undefined;
  /** What has struck, oldest first. */
  readonly struck: (Trouble | WeatherKind)[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Whether it could strike. @param next random numbers for what is not said */
  async strike(kind: Trouble, machine: Machine, next: () => number = randomWords(1)): Promise<boolean> {
    const strike: Strike = TROUBLES[kind];
    try {
      if ((await strike(this.#scene, machine, next)) === false) return false;
    } catch (error) {
      // A machine with a pass-through disk takes no checkpoint from anybody.
      if (error instanceof Refusal) return false;
      throw error;
    }
    this.struck.push(kind);
    return true;
  }

  /** Random troubles from now on; none any longer when nothing is given. */
  plague(plague?: Plague): void {
    this.#plague = plague && { clock: new PlagueClock({ every: EVERY, ...plague }), machines: plague.machines };
  }

  /** To be asked before each script: lets happen what is due. */
  async due(): Promise<void> {
    const plague = this.#plague;
    const due = plague?.clock.due(() => plague.machines ?? [...this.#scene.machines.values()]);
    if (!plague || !due) return;
    if (isWeather(due.kind)) {
      this.#scene.weather.order(due.kind);
      plague.clock.struck();
    } else if (await this.strike(due.kind, due.who, plague.clock.next)) plague.clock.struck();
  }
}

function fails(machine: Machine, job: string, refusal: () => Refusal): void {
  machine.refusals.set(job, [...(machine.refusals.get(job) ?? []), refusal()]);
}

function isWeather(kind: string): kind is WeatherKind {
  return WEATHER.some((weather) => weather === kind);
}
