/**
 * What others do to a VM while a client migrates it: a backup takes snapshots, an administrator changes disks and power, the infrastructure
 * moves it. Each deed is done in the stand-in's own session, seen by clients like any other change, and written into the chronicle.
 */
import { SimulatedDisk } from './disk.ts';
import type { SimulatedGuest } from './guest.ts';
import { plugDisk, pluggedDisks, references, toolsOption, unplugDisk, virtualMachine } from './hardware.ts';
import type { Machines, SnapshotRecord } from './machines.ts';
import { encode, type Reference } from './soap.ts';
import type { Upstream } from './upstream.ts';

export class Others {
  readonly #upstream: Upstream;
  readonly #machines: Machines;
  /** Where VMs were before they were moved for the first time. */
  readonly #homes = new Map<string, { host?: string; datastore?: string }>();

  constructor(upstream: Upstream, machines: Machines) {
    this.#upstream = upstream;
    this.#machines = machines;
  }

  /** Change ids given out before are no longer known. */
  resetTracking(guest: SimulatedGuest): void {
    this.#note(guest, 'tracking reset');
    for (const disk of guest.disks) if (disk.changeId !== undefined) disk.track();
  }

  /** Somebody switches tracking off; what was told before is worth nothing. */
  async stopTracking(guest: SimulatedGuest): Promise<void> {
    this.#note(guest, 'tracking off');
    await this.#reconfigure(guest, '<changeTrackingEnabled>false</changeTrackingEnabled>');
    guest.trackingAsked = false;
    guest.stun();
  }

  /** A snapshot that is none of ours. */
  async snapshot(guest: SimulatedGuest, name = 'backup'): Promise<SnapshotRecord> {
    const inner = `<name>${encode(name)}</name><memory>false</memory><quiesce>false</quiesce>`;
    const id = await this.#upstream.run('CreateSnapshot_Task', virtualMachine(guest.vm), inner);
    this.#machines.taken(guest.vm, { id, name, by: 'somebody' });
    const record = this.#machines.present(guest.vm).at(-1);
    if (!record) throw new Error(`the snapshot ${name} is not there`);
    return record;
  }

  /** Removes a snapshot, whosever it is. */
  async removeSnapshot(record: SnapshotRecord): Promise<void> {
    await this.#upstream.run('RemoveSnapshot_Task', snapshotRef(record), '<removeChildren>false</removeChildren>');
    this.#machines.released(record, 'somebody');
  }

  /** Goes back to a snapshot. It holds no memory, so the VM goes off, and is powered on again. */
  async revert(guest: SimulatedGuest, record: SnapshotRecord): Promise<void> {
    const wasOn = guest.on;
    await this.powerOff(guest);
    await this.#upstream.run('RevertToSnapshot_Task', snapshotRef(record));
    this.#machines.reverted(record.id, 'somebody');
    if (wasOn) await this.powerOn(guest);
  }

  /** vMotion: another host of the cluster, the same files. False where there is no other host. */
  async vmotion(guest: SimulatedGuest): Promise<boolean> {
    const [host = ''] = references(await this.#upstream.property(virtualMachine(guest.vm), 'runtime.host'), 'HostSystem');
    const [id] = references(await this.#upstream.property({ type: 'HostSystem', id: host }, 'parent'), 'ClusterComputeResource');
    if (id === undefined) return false;
    const hosts = references(await this.#upstream.property({ type: 'ClusterComputeResource', id }, 'host'), 'HostSystem');
    const next = hosts[(hosts.indexOf(host) + 1) % hosts.length];
    if (next === undefined || next === host) return false;
    this.#homes.set(guest.vm, { host, ...this.#homes.get(guest.vm) });
    await this.#relocate(guest, `<host type="HostSystem">${next}</host>`);
    this.#note(guest, `moved to ${next}`);
    guest.stun();
    return true;
  }

  /**
   * Storage vMotion of all disks. Old hosts lost count on the way, new ones keep it. False where there is no other datastore: start the
   * simulator with `model: { datastore: 2 }`.
   */
  async storageVmotion(guest: SimulatedGuest, tracking: 'reset' | 'kept' = 'reset'): Promise<boolean> {
    const [host = ''] = references(await this.#upstream.property(virtualMachine(guest.vm), 'runtime.host'), 'HostSystem');
    const all = references(await this.#upstream.property({ type: 'HostSystem', id: host }, 'datastore'), 'Datastore');
    const [now = ''] = references(await this.#upstream.property(virtualMachine(guest.vm), 'datastore'), 'Datastore');
    const id = all[(all.indexOf(now) + 1) % all.length];
    if (id === undefined || id === now) return false;
    this.#homes.set(guest.vm, { datastore: now, ...this.#homes.get(guest.vm) });
    await this.#relocate(guest, `<datastore type="Datastore">${id}</datastore>`);
    const name = await this.#upstream.text({ type: 'Datastore', id }, 'name');
    this.#note(guest, `moved to ${name}, tracking ${tracking}`);
    for (const disk of guest.disks) {
      disk.move({ id, name });
      if (tracking === 'reset' && disk.changeId !== undefined) disk.track();
    }
    guest.stun();
    return true;
  }

  /** @throws RangeError below a snapshot. @param by bytes */
  grow(guest: SimulatedGuest, disk: number, by: number): void {
    const grown = guest.disks[disk];
    if (!grown) throw new RangeError(`the guest has no disk ${disk}`);
    grown.grow(grown.capacity + by);
    this.#note(guest, `disk ${disk} grown to ${grown.capacity}`);
  }

  /** @param capacity bytes */
  async addDisk(guest: SimulatedGuest, capacity: number): Promise<SimulatedDisk> {
    const { key, file } = await plugDisk(this.#upstream, guest.vm, capacity);
    const disk = new SimulatedDisk({ key, capacity, file });
    guest.add(disk);
    if (!guest.on) guest.stun();
    this.#note(guest, `disk ${guest.disks.length - 1} added`);
    return disk;
  }

  /** Its files stay, and so does what snapshots hold of it. @param disk position among the guest's disks */
  async removeDisk(guest: SimulatedGuest, disk: number): Promise<void> {
    const doomed = guest.disks[disk];
    const plugged = (await pluggedDisks(this.#upstream, guest.vm)).find(({ key }) => key === doomed?.key);
    if (!doomed || !plugged) throw new RangeError(`the guest has no disk ${disk}`);
    guest.remove(doomed);
    await unplugDisk(this.#upstream, guest.vm, plugged);
    this.#note(guest, `disk ${disk} removed`);
  }

  async tools(guest: SimulatedGuest, running: boolean): Promise<void> {
    guest.tools = running;
    await this.#reconfigure(guest, toolsOption(running));
    this.#note(guest, `tools ${running ? 'run' : 'stopped'}`);
  }

  /** Somebody presses the button. Nothing happens where it is on. */
  async powerOn(guest: SimulatedGuest): Promise<void> {
    if (guest.on) return;
    await this.#upstream.run('PowerOnVM_Task', virtualMachine(guest.vm));
    this.#machines.powered(guest.vm, 'on', 'somebody');
  }

  /** Somebody cuts the power: nothing is flushed. Nothing happens where it is off. */
  async powerOff(guest: SimulatedGuest): Promise<void> {
    if (!guest.on) return;
    guest.on = false;
    await this.#upstream.run('PowerOffVM_Task', virtualMachine(guest.vm));
    this.#machines.powered(guest.vm, 'off', 'somebody');
  }

  /** Destroys the VM. The simulator forgets a VM at its first host only, so it goes back there before. */
  async destroy(guest: SimulatedGuest): Promise<void> {
    await this.powerOff(guest);
    const { host, datastore } = this.#homes.get(guest.vm) ?? {};
    if (datastore !== undefined) await this.#relocate(guest, `<datastore type="Datastore">${datastore}</datastore>`);
    if (host !== undefined) await this.#relocate(guest, `<host type="HostSystem">${host}</host>`);
    this.#machines.forget(guest.vm);
    await this.#upstream.run('Destroy_Task', virtualMachine(guest.vm));
  }

  async #relocate(guest: SimulatedGuest, where: string): Promise<void> {
    await this.#upstream.run('RelocateVM_Task', virtualMachine(guest.vm), `<spec>${where}</spec>`);
  }

  async #reconfigure(guest: SimulatedGuest, spec: string): Promise<void> {
    await this.#upstream.run('ReconfigVM_Task', virtualMachine(guest.vm), `<spec>${spec}</spec>`);
  }

  #note(guest: SimulatedGuest, what: string): void {
    this.#machines.chronicle.note(guest.vm, what, 'somebody');
  }
}

function snapshotRef({ id }: SnapshotRecord): Reference {
  return { type: 'VirtualMachineSnapshot', id };
}
