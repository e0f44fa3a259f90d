/**
 * What others do to a machine while a client migrates it: a backup takes checkpoints, an administrator changes disks and power, the cluster moves
 * it. Each deed is written into the chronicle. Those that cannot be done at the moment answer false.
 */

import { Workload } from '../vcenter/workload.ts';
import { type Checkpoint, type Machine, slotOf } from './machine.ts';
import { fill } from './rest.ts';
import type { DiskOptions, System } from './system.ts';

export class Others {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** RCT ids that were given out are no longer known. */
  resetTracking(machine: Machine): void {
    machine.note('tracking reset', 'somebody');
    for (const disk of machine.everyDisk) disk.resetTracking();
  }

  /** `Recovery` is a backup under way; `Standard` one that an administrator made. */
  checkpoint(machine: Machine, type: 'Recovery' | 'Standard'): Promise<Checkpoint> {
    return machine.exclusive(() =>
      machine.checkpoint(type === 'Recovery' ? 'backup' : 'before the update', { type, foreign: true }),
    );
  }

  /** Whosever it is. */
  removeCheckpoint(machine: Machine, checkpoint: Checkpoint): Promise<void> {
    return machine.exclusive(() => machine.removeCheckpoint(checkpoint, 'somebody'));
  }

  /** Goes back to a checkpoint, which ends those after it and what is tracked. A machine that was on is started again. */
  async revert(machine: Machine, checkpoint: Checkpoint): Promise<void> {
    const wasOn = machine.on;
    await machine.exclusive(async () => {
      await machine.powerOff('somebody', false);
      machine.note(`reverted to ${checkpoint.name}`, 'somebody');
      machine.checkpoints.splice(machine.checkpoints.indexOf(checkpoint) + 1);
      for (const disk of machine.everyDisk) await disk.revert(checkpoint.instance);
    });
    if (wasOn) machine.powerOn('somebody');
  }

  /** Live migration to another node. False for what is no role of a cluster, or has nowhere to go. @param tracking whether it is lost on the way */
  move(machine: Machine, tracking: 'kept' | 'reset' = 'kept'): Promise<boolean> {
    return machine.exclusive(async () => {
      const up = this.#system.nodes.filter(({ state, name }) => state === 'Up' && name !== machine.node);
      const [next] = up;
      if (!machine.clustered || !next) return false;
      machine.node = next.name;
      machine.note(`moved to ${next.name}`, 'somebody');
      if (tracking === 'reset') this.resetTracking(machine);
      return true;
    });
  }

  /** Storage migration of all disks to another folder of the hosts; the count begins anew. False below a checkpoint. */
  moveStorage(machine: Machine, folder: string): Promise<boolean> {
    return machine.exclusive(async () => {
      if (machine.checkpoints.length > 0) return false;
      this.#system.folder(folder);
      for (const disk of machine.disks.values()) await disk.move(folder);
      machine.note(`its disks moved to ${folder}`, 'somebody');
      this.resetTracking(machine);
      return true;
    });
  }

  /** False below a checkpoint. @param bytes more than it has */
  async grow(machine: Machine, slot: string | undefined, bytes: number): Promise<boolean> {
    const disk = machine.disk(slot);
    if (machine.checkpoints.length > 0 || !disk.grow(disk.capacity + bytes)) return false;
    machine.note('a disk has grown', 'somebody');
    disk.resetTracking();
    return true;
  }

  /** A disk with data on it. */
  addDisk(machine: Machine, options: DiskOptions = {}): Promise<void> {
    return machine.exclusive(async () => {
      const drive = await this.#system.drive(machine.facts, machine.drives, options);
      machine.drives.push(drive);
      let turn = machine.drives.length;
      if (drive.disk) fill(drive.disk, () => (turn += 1), new Workload(turn));
      machine.note(`disk ${slotOf(drive)} added`, 'somebody');
    });
  }

  /** False for the last one. A checkpoint that has it keeps it. */
  async removeDisk(machine: Machine, slot?: string): Promise<boolean> {
    const drive = machine.drives.findLast((candidate) => slot === undefined || slotOf(candidate) === slot);
    if (machine.drives.length < 2 || !drive) return false;
    machine.detach(drive);
    machine.note(`disk ${slotOf(drive)} removed`, 'somebody');
    return true;
  }

  rename(machine: Machine, name: string): void {
    machine.facts = { ...machine.facts, name };
    machine.note(`renamed to ${name}`, 'somebody');
  }

  /** The power is cut. */
  powerOff(machine: Machine): Promise<void> {
    return machine.exclusive(() => machine.powerOff('somebody'));
  }

  powerOn(machine: Machine): void {
    machine.powerOn('somebody');
  }

  /** The node of the machine dies, and the cluster starts it on another one: it was off in between. False where there is none. */
  async failover(machine: Machine): Promise<boolean> {
    const wasOn = machine.on;
    if (wasOn) await this.powerOff(machine);
    const moved = await this.move(machine);
    if (wasOn) machine.powerOn('somebody');
    return moved;
  }
}
