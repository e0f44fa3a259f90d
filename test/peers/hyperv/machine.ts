/**
 * One virtual machine: its power, its drives, its checkpoints and reference points, and the guest in it that writes while the power is on. What
 * is asked of it at the same time happens one after the other, as on a host.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import type { Chronicle } from '../vcenter/chronicle.ts';
import { Workload } from '../vcenter/workload.ts';
import type { SimulatedDisk } from './disk.ts';
import type { DriveFacts, VmFacts } from './facts.ts';
import { guid } from './facts.ts';
import { fill, Rest } from './rest.ts';

/** What a script answers in place of what it was asked for. */
export class Refusal extends Error {
  readonly code: string;
  /** Of a job, or of a method that answered it. */
  readonly jobError: number | undefined;

  constructor(code: string, message: string, jobError?: number) {
    super(message);
    this.code = code;
    this.jobError = jobError;
  }
}

export interface Drive extends Omit<DriveFacts, 'chain' | 'path'> {
  /** With bytes; else `described` says what the host tells of it. */
  readonly disk?: SimulatedDisk;
  readonly described?: Pick<DriveFacts, 'chain' | 'path'>;
}

export interface Checkpoint {
  /** `InstanceID` of its settings. */
  readonly instance: string;
  readonly id: string;
  readonly name: string;
  readonly type: 'Recovery' | 'Standard' | 'Production';
  /** Not made by one of our scripts. */
  readonly foreign: boolean;
  readonly createdAt: string;
  readonly drives: readonly Drive[];
}

export interface ReferencePoint {
  readonly instance: string;
  readonly name: string;
  readonly disks: readonly { readonly drive: string; readonly rct: string }[];
}

export interface GuestRules {
  readonly seed?: number;
  /** A turn of writing before every n-th script that any host runs; none when absent. */
  readonly writeEvery?: number;
  /** How long it takes to shut down when asked to, in ms; 0 when absent, `never` for a guest that hangs. */
  readonly shutdown?: number | 'never';
  /** Its integration service for it answers; true when absent. */
  readonly shutdownService?: boolean;
  /** Whether an application-consistent checkpoint works; true when absent. */
  readonly quiesces?: boolean;
}

export class Machine {
  readonly id: string;
  facts: VmFacts;
  /** Host that runs it. */
  node: string;
  readonly clustered: boolean;
  shutdown: number | 'never';
  shutdownService: boolean;
  quiesces: boolean;
  readonly writeEvery: number | undefined;
  state: 'Running' | 'Off' | 'Saved' | 'Paused';
  drives: Drive[];
  readonly checkpoints: Checkpoint[] = [];
  readonly referencePoints: ReferencePoint[] = [];
  /** Power-offs, oldest first. */
  readonly rests: Rest[] = [];
  /** Writes of its own doing. */
  writes = 0;
  /** Errors that the next jobs of a kind end with. */
  readonly refusals = new Map<string, Refusal[]>();
  /** Removed checkpoints leave their files unmerged so many times. */
  mergesLate = 0;
  readonly #workload: Workload;
  readonly #chronicle: Chronicle;
  readonly #detached: SimulatedDisk[] = [];
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #made = 0;

  constructor(parts: {
    readonly facts: VmFacts;
    readonly node: string;
    readonly clustered: boolean;
    readonly drives: readonly Drive[];
    readonly rules: GuestRules;
    readonly on: boolean;
    readonly chronicle: Chronicle;
  }) {
    this.id = guid(`machine ${parts.facts.name}`);
    this.facts = parts.facts;
    this.node = parts.node;
    this.clustered = parts.clustered;
    this.drives = [...parts.drives];
    this.shutdown = parts.rules.shutdown ?? 0;
    this.shutdownService = parts.rules.shutdownService ?? true;
    this.quiesces = parts.rules.quiesces ?? true;
    this.writeEvery = parts.rules.writeEvery;
    this.#workload = new Workload((parts.rules.seed ?? 1) + 0x5bd1);
    this.#chronicle = parts.chronicle;
    this.state = parts.on ? 'Running' : 'Off';
    const next = randomWords(parts.rules.seed ?? 1);
    for (const disk of this.disks.values()) fill(disk, next, this.#workload);
    this.note(parts.on ? 'on' : 'off', 'test');
    if (!parts.on) this.#rest();
  }

  get on(): boolean {
    return this.state === 'Running';
  }

  /** Those with bytes, by slot: `scsi0:0`. */
  get disks(): ReadonlyMap<string, SimulatedDisk> {
    return new Map(this.drives.flatMap((drive) => (drive.disk ? [[slotOf(drive), drive.disk] as const] : [])));
  }

  /** @param slot `scsi0:0`; the first disk when absent */
  disk(slot?: string): SimulatedDisk {
    const disk = slot === undefined ? [...this.disks.values()][0] : this.disks.get(slot);
    if (!disk) throw new RangeError(`${this.facts.name} has no disk ${slot ?? ''} with bytes`);
    return disk;
  }

  /** One after the other with all else that changes this machine's files. */
  exclusive<T>(what: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(what);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** So many turns of its own doing. Nothing happens while the power is off. */
  tick(turns = 1): void {
    for (let done = 0; done < turns && this.on; done += 1) this.writes += this.#workload.turn([...this.disks.values()]);
  }

  /** Much at once. */
  burst(): void {
    if (this.on && this.disks.size > 0) this.writes += this.#workload.burst([...this.disks.values()]);
  }

  /** Writes all the time until disposed of, or until the power is off. */
  keepWriting(everyMs = 2): Disposable {
    this.#timer ??= setInterval(() => this.tick(), everyMs);
    this.#timer.unref();
    return { [Symbol.dispose]: () => this.halt() };
  }

  halt(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * What a migrated VM has to hold: the disks as they are while the power is off, and as they were before it came back otherwise. Undefined
   * while it was never off.
   */
  truth(): Rest | undefined {
    const last = this.rests.at(-1);
    return last === undefined || this.state !== 'Off' ? last : new Rest(last.order, this.disks);
  }

  /** @param by who did it, for the chronicle */
  async powerOff(by: 'client' | 'guest' | 'somebody', cut = true): Promise<void> {
    if (this.state === 'Off') return;
    this.state = 'Off';
    this.halt();
    this.note('off', by);
    this.#rest();
    if (cut) for (const disk of this.disks.values()) await disk.cut();
  }

  powerOn(by: 'client' | 'somebody'): void {
    if (this.on) return;
    const rest = this.state === 'Off' ? this.truth() : undefined;
    if (rest) this.rests.splice(-1, 1, rest);
    this.state = 'Running';
    this.note('on', by);
  }

  /** Freezes all disks at one moment. @throws Refusal */
  async checkpoint(name: string, options: { readonly type: Checkpoint['type']; readonly foreign: boolean }): Promise<Checkpoint> {
    if (!options.foreign) this.refuse('create');
    const passThrough = this.drives.find(({ diskNumber, shared }) => diskNumber !== undefined || shared === true);
    if (passThrough) throw new Refusal('job-failed', 'A disk of the virtual machine cannot be part of a checkpoint.', 32773);
    this.#made += 1;
    const id = guid(`${this.id} checkpoint ${this.#made}`);
    const instance = `Microsoft:${id.toUpperCase()}`;
    const disks = [...this.disks.values()];
    const files = await Promise.all(disks.map((disk) => disk.prepare()));
    // No write may come between the disks.
    const frozen = disks.map((disk, at) => {
      const file = files[at];
      return file && disk.freeze(file, instance);
    });
    const checkpoint = { instance, id, name, ...options, createdAt: new Date().toISOString(), drives: [...this.drives] };
    this.checkpoints.push(checkpoint);
    this.note(`checkpoint ${name}`, options.foreign ? 'somebody' : 'client');
    await Promise.all(frozen);
    return checkpoint;
  }

  /** @throws Refusal */
  async removeCheckpoint(checkpoint: Checkpoint, by: 'client' | 'somebody'): Promise<void> {
    if (by === 'client') this.refuse('remove');
    await this.#release(checkpoint, by);
    this.note(`checkpoint ${checkpoint.name} removed`, by);
  }

  /** Makes a reference point of it, of the same name. @throws Refusal */
  async settle(checkpoint: Checkpoint): Promise<ReferencePoint> {
    this.refuse('settle');
    const disks = checkpoint.drives.flatMap(({ id, disk }) => (disk ? [{ drive: id, rct: disk.rct(checkpoint.instance) }] : []));
    const instance = `Microsoft:${guid(`${checkpoint.id} reference point`).toUpperCase()}`;
    const point = { instance, name: checkpoint.name, disks };
    this.referencePoints.push(point);
    await this.#release(checkpoint, 'client');
    this.note(`checkpoint ${checkpoint.name} settled`, 'client');
    return point;
  }

  /** Plugs a drive out; its files stay where they are. */
  detach(drive: Drive): void {
    this.drives.splice(this.drives.indexOf(drive), 1);
    if (drive.disk) this.#detached.push(drive.disk);
  }

  /** Merges what checkpoints that are gone have left. */
  async merge(): Promise<void> {
    for (const disk of this.everyDisk) await disk.merge();
  }

  forget(point: ReferencePoint): void {
    const at = this.referencePoints.indexOf(point);
    if (at >= 0) this.referencePoints.splice(at, 1);
  }

  /** An RCT id counts while a reference point holds it. */
  knows(rct: string): boolean {
    return this.referencePoints.some(({ disks }) => disks.some((disk) => disk.rct === rct));
  }

  /** Those too that were plugged out, which a checkpoint may still hold. */
  get everyDisk(): ReadonlySet<SimulatedDisk> {
    return new Set([...this.disks.values(), ...this.#detached]);
  }

  note(what: string, by: 'client' | 'guest' | 'somebody' | 'test'): void {
    this.#chronicle.note(this.id, what, by);
  }

  /** @throws Refusal when one was ordered for this kind of job */
  refuse(job: string): void {
    const refusal = this.refusals.get(job)?.shift();
    if (refusal) throw refusal;
  }

  async #release(checkpoint: Checkpoint, by: 'client' | 'somebody'): Promise<void> {
    const disks = [...this.everyDisk];
    this.checkpoints.splice(this.checkpoints.indexOf(checkpoint), 1);
    const merges = by === 'somebody' || this.mergesLate <= 0;
    if (!merges) this.mergesLate -= 1;
    for (const disk of disks) await disk.release(checkpoint.instance, merges);
    if (!merges) throw new Refusal('busy', 'Its disks were not merged within 600 seconds.');
  }

  #rest(): void {
    this.rests.push(new Rest(this.#chronicle.all.length, this.disks));
  }
}

/** `scsi0:1`. */
export function slotOf({ controllerType, controllerNumber, controllerLocation }: Omit<Drive, 'id'>): string {
  return `${controllerType.toLowerCase()}${controllerNumber}:${controllerLocation}`;
}
