/**
 * Troubles of a migration by name, one at a time to order, or at random by a seed while requests come in. Those that cannot strike at the moment
 * (a disk below a snapshot does not grow) are left out, and the answer says so. Weather on the wire is in `faults.ts`.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import { PlagueClock } from '../plague.ts';
import type { SimulatedGuest } from './guest.ts';
import type { Machines } from './machines.ts';
import type { Others } from './others.ts';

const MiB = 1024 * 1024;

/** What the service itself suffers. */
export interface Service {
  /** All sessions expire. */
  expireSessions(): Promise<void>;
  /** The service dies: sessions and leases are gone, and so many connections are refused. */
  outage(connections: number): Promise<void>;
}

interface Scene {
  readonly machines: Machines;
  readonly others: Others;
  readonly service: Service;
}

type Strike = (scene: Scene, guest: SimulatedGuest, next: () => number) => unknown;

/** Those that give `false` could not strike. */
const TROUBLES = {
  'tracking-reset': ({ others }, guest) => others.resetTracking(guest),
  'tracking-off': ({ others }, guest) => others.stopTracking(guest),
  'snapshot-fails': ({ machines }, guest) => machines.refuse(guest.vm, NO_SPACE),
  'quiesce-fails': (_scene, guest) => {
    guest.quiesces = false;
  },
  'removal-unmerged': ({ machines }, guest) => machines.failConsolidation(guest.vm),
  'consolidation-fails': ({ machines }, guest) => {
    machines.failConsolidation(guest.vm);
    machines.refuse(guest.vm, LOCKED);
  },
  'power-on-fails': ({ machines }, guest) => machines.refuse(guest.vm, NO_RESOURCES),
  'sessions-expire': ({ service }) => service.expireSessions(),
  outage: ({ service }, _guest, next) => service.outage(1 + (next() % 3)),
  'disk-grown': ({ machines, others }, guest, next) =>
    machines.present(guest.vm).length === 0 &&
    !guest.disks.some((disk) => disk.consolidationNeeded) &&
    others.grow(guest, next() % guest.disks.length, MiB),
  'disk-added': ({ others }, guest) => guest.disks.length < 4 && others.addDisk(guest, 2 * MiB),
  'disk-removed': ({ others }, guest) => guest.disks.length > 1 && others.removeDisk(guest, guest.disks.length - 1),
  vmotion: ({ others }, guest) => others.vmotion(guest),
  'storage-vmotion': ({ others }, guest) => others.storageVmotion(guest, 'reset'),
  'storage-vmotion-kept': ({ others }, guest) => others.storageVmotion(guest, 'kept'),
  'backup-begins': ({ others }, guest) => others.snapshot(guest),
  'backup-ends': ({ machines, others }, guest) => {
    const backup = machines.present(guest.vm).find(({ foreign }) => foreign);
    return backup !== undefined && others.removeSnapshot(backup);
  },
  reverted: ({ machines, others }, guest) => {
    const backup = machines.present(guest.vm).find(({ foreign }) => foreign);
    return backup !== undefined && others.revert(guest, backup);
  },
  'our-snapshot-removed': ({ machines, others }, guest) => {
    const ours = machines.present(guest.vm).find(({ foreign }) => !foreign);
    return ours !== undefined && others.removeSnapshot(ours);
  },
  'tools-stop': ({ others }, guest) => others.tools(guest, false),
  'guest-shuts-down': ({ machines }, guest) => guest.on && machines.goOff(guest.vm),
  'power-cut': ({ others }, guest) => guest.on && others.powerOff(guest),
  'somebody-powers-on': ({ others }, guest) => !guest.on && others.powerOn(guest),
  burst: (_scene, guest) => guest.burst(),
} as const satisfies Record<string, Strike>;

export type Trouble = keyof typeof TROUBLES;

/** Of the troubles of a plague, where it does not say. */
const EVERY = 40;

export interface Plague {
  readonly seed: number;
  /** What may happen. */
  readonly kinds: readonly Trouble[];
  /** To whom; every guest when absent. */
  readonly guests?: readonly SimulatedGuest[];
  /** Requests between two troubles on average; 40 when absent. */
  readonly every?: number;
  /** Troubles in all; no limit when absent. */
  readonly most?: number;
}

const NO_SPACE = {
  operation: 'CreateSnapshot_Task',
  type: 'FileFault',
  message: 'An error occurred while saving the snapshot: There is no more space for the redo log.',
};
const LOCKED = { operation: 'ConsolidateVMDisks_Task', type: 'FileLocked', message: 'Unable to access file since it is locked' };
const NO_RESOURCES = {
  operation: 'PowerOnVM_Task',
  type: 'InsufficientResourcesFault',
  message: 'The operation could not be completed because of insufficient resources.',
};

export class Troubles {
  readonly #scene: Scene;
  #plague: { readonly clock: PlagueClock<Trouble>; readonly guests: Plague['guests'] } | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Whether it could strike. @param next random numbers for what is not said */
  async strike(kind: Trouble, guest: SimulatedGuest, next: () => number = randomWords(1)): Promise<boolean> {
    const strike: Strike = TROUBLES[kind];
    return (await strike(this.#scene, guest, next)) !== false;
  }

  /** Random troubles from now on; none any longer when nothing is given. */
  plague(plague?: Plague): void {
    this.#plague = plague && { clock: new PlagueClock({ every: EVERY, ...plague }), guests: plague.guests };
  }

  /** To be asked at each request: lets happen what is due before it is answered. */
  async due(): Promise<void> {
    const plague = this.#plague;
    const due = plague?.clock.due(() => plague.guests ?? [...this.#scene.machines.guests.values()]);
    if (plague && due && (await this.strike(due.kind, due.who, plague.clock.next))) plague.clock.struck();
  }
}
