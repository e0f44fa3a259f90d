/**
 * A host, or a failover cluster of several: nodes, volumes, shares and machines, with the files of all in one folder, in which `C:\VMs` is
 * `C/VMs`. A node that is down is not asked; its machines come up on another one.
 */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Chronicle } from '../vcenter/chronicle.ts';
import { SimulatedDisk } from './disk.ts';
import {
  type DriveFacts,
  guid,
  type ImageFacts,
  LAN,
  type ShareFacts,
  type SwitchFacts,
  type VmFacts,
  type VolumeFacts,
  vmOf,
} from './facts.ts';
import { type Drive, type GuestRules, Machine } from './machine.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

export interface DiskOptions {
  /** Bytes; 8 MiB when absent. */
  readonly capacity?: number;
  /** `Dynamic` when absent. */
  readonly type?: 'Dynamic' | 'Fixed';
  /** Bytes; 2 MiB when absent. */
  readonly blockSize?: number;
  readonly sector?: 512 | 4096;
  /** `scsi0:1`, `ide0:0`; the next free place of the generation's first controller when absent. */
  readonly slot?: string;
  /** On the host; in the machine's folder when absent. */
  readonly path?: string;
  /** Differencing files that a person made on top of the first one; none when absent. */
  readonly children?: number;
  /** Bytes that one bit of the tracking stands for; 32 KiB when absent. */
  readonly granularity?: number;
  /** Further facts of the drive: `shared`, `maximumIops`… */
  readonly facts?: Partial<DriveFacts>;
  /** No bytes: only what the host tells of it. A pass-through disk has `diskNumber` in its facts. */
  readonly described?: Partial<ImageFacts> | 'pass-through';
  /** A file of the test's own that lies at the path, such as a VHD. No guest writes to it. */
  readonly file?: string;
}

export interface VmOptions extends GuestRules {
  readonly facts?: Partial<VmFacts>;
  /** One of 8 MiB when absent. A number is its capacity. */
  readonly disks?: readonly (DiskOptions | number)[];
  /** Name of a host; the first when absent. */
  readonly host?: string;
  /** A role of the cluster, where there is one; true when absent. */
  readonly clustered?: boolean;
  /** Powered on; true when absent. */
  readonly on?: boolean;
  readonly state?: 'Saved' | 'Paused';
}

export interface SystemOptions {
  /** Where the files are. */
  readonly folder: string;
  /** One, `HV1`, when absent. */
  readonly hosts?: readonly string[];
  /** They are nodes of this failover cluster. */
  readonly cluster?: string;
  /** In a cluster `C:\ClusterStorage\Volume1` is one of them. */
  readonly volumes?: readonly VolumeFacts[];
  /** `VMs` and `C$` when absent. */
  readonly shares?: readonly ShareFacts[];
  readonly switches?: readonly SwitchFacts[];
  readonly version?: string;
  /** Of the account: an administrator when absent. */
  readonly rights?: 'administrator' | 'hyperv-administrator' | 'none';
  /** Without the role; true when absent. */
  readonly hyperv?: boolean;
  /** Whether the account may ask the cluster; true when absent. */
  readonly clusterReadable?: boolean;
}

export interface Node {
  readonly name: string;
  /** By which it is reached. */
  readonly address: string;
  state: 'Up' | 'Down' | 'Paused';
}

export class System {
  readonly options: SystemOptions;
  readonly nodes: readonly Node[];
  readonly chronicle = new Chronicle();
  /** By id. */
  readonly machines = new Map<string, Machine>();
  readonly volumes: readonly VolumeFacts[];
  readonly shares: readonly ShareFacts[];
  readonly switches: readonly SwitchFacts[];
  #disks = 0;

  constructor(options: SystemOptions) {
    this.options = options;
    this.nodes = (options.hosts ?? ['HV1']).map((name, at) => ({ name, address: `127.0.0.${at + 1}`, state: 'Up' }));
    const csv = { path: 'C:\\ClusterStorage\\Volume1\\', label: 'Volume1', kind: 'csv' as const, fileSystem: 'CSVFS' };
    const shared = options.cluster === undefined ? [] : [{ ...csv, size: '1099511627776', free: '549755813888' }];
    const local = { path: 'C:\\', label: 'System', kind: 'local' as const, fileSystem: 'NTFS' };
    this.volumes = options.volumes ?? [{ ...local, size: '1099511627776', free: '549755813888' }, ...shared];
    const vms = { name: 'VMs', path: options.cluster === undefined ? 'C:\\VMs' : 'C:\\ClusterStorage\\Volume1', special: false };
    this.shares = options.shares ?? [{ name: 'C$', path: 'C:\\', special: true }, vms];
    this.switches = options.switches ?? [LAN];
    for (const share of this.shares) this.folder(share.path);
  }

  /** Where a path of the hosts really is. */
  readonly real = (windows: string): string => {
    const [drive = '', ...parts] = windows.split('\\').filter((part) => part !== '');
    if (!/^[A-Z]:$/i.test(drive) || parts.includes('..')) throw new RangeError(`${windows} is no path of a host`);
    return path.join(this.options.folder, drive.slice(0, 1).toUpperCase(), ...parts);
  };

  /** Makes a folder of the hosts. */
  folder(windows: string): void {
    mkdirSync(this.real(windows), { recursive: true });
  }

  /** The machine of that name. @throws RangeError where there is none */
  named(name: string): Machine {
    for (const machine of this.machines.values()) if (machine.facts.name === name) return machine;
    throw new RangeError(`there is no machine ${name}`);
  }

  async add(name: string, options: VmOptions = {}): Promise<Machine> {
    const { cluster } = this.options;
    const home = cluster === undefined ? 'C:\\VMs' : 'C:\\ClusterStorage\\Volume1';
    const facts = vmOf({ name, path: `${home}\\${name}`, ...options.facts });
    const drives: Drive[] = [];
    for (const disk of options.disks ?? [{}])
      drives.push(await this.drive(facts, drives, typeof disk === 'number' ? { capacity: disk } : disk));
    const machine = new Machine({
      facts,
      drives,
      node: options.host ?? this.nodes[0]?.name ?? '',
      clustered: cluster !== undefined && options.clustered !== false,
      rules: options,
      on: options.on ?? true,
      chronicle: this.chronicle,
    });
    if (this.machines.has(machine.id)) throw new RangeError(`there is a machine ${name} already`);
    if (options.state) machine.state = options.state;
    for (const [at, disk] of (options.disks ?? []).entries())
      if (typeof disk !== 'number') await children(drives[at]?.disk, disk.children ?? 0, machine);
    this.machines.set(machine.id, machine);
    return machine;
  }

  /** A drive for a machine, its files made. @param others that it has already */
  async drive(facts: VmFacts, others: readonly Drive[], options: DiskOptions): Promise<Drive> {
    const { controllerType, controllerNumber, controllerLocation } = place(options.slot ?? free(facts, others));
    const id = `Microsoft:${guid(`machine ${facts.name}`).toUpperCase()}\\${guid(`${controllerType} controller`).toUpperCase()}\\${controllerNumber}\\${controllerLocation}\\D`;
    const drive = { id, controllerType, controllerNumber, controllerLocation, shared: false, ...options.facts };
    if (options.described === 'pass-through')
      return { ...drive, diskNumber: drive.diskNumber ?? 2, described: { path: null, chain: [] } };
    this.#disks += 1;
    const suffix = this.#disks === 1 || others.length === 0 ? '' : `-${others.length}-${this.#disks}`;
    const windows = options.path ?? `${facts.path}\\${facts.name}${suffix}.vhdx`;
    const capacity = options.capacity ?? 8 * MiB;
    if (options.described) return { ...drive, described: describe(windows, capacity, options.described) };
    this.folder(windows.replace(/\\[^\\]*$/, ''));
    if (options.file !== undefined) {
      copyFileSync(options.file, this.real(windows));
      const { size, mtime } = statSync(this.real(windows));
      const format = /\.vhd$/i.test(windows) ? ('VHD' as const) : ('VHDX' as const);
      const told = { format, fileSize: String(size), writtenAt: mtime.toISOString() };
      return { ...drive, described: describe(windows, capacity, told) };
    }
    const disk = await SimulatedDisk.create({
      key: this.#disks,
      path: windows,
      capacity,
      blockSize: options.blockSize ?? 2 * MiB,
      sector: options.sector ?? 512,
      fixed: options.type === 'Fixed',
      granularity: options.granularity ?? 32 * KiB,
      real: this.real,
    });
    return { ...drive, disk };
  }

  /** The machine is gone, and its files. */
  async remove(machine: Machine): Promise<void> {
    machine.halt();
    this.machines.delete(machine.id);
    await machine.exclusive(async () => {
      for (const disk of machine.everyDisk) await disk.remove();
    });
  }

  async close(): Promise<void> {
    for (const machine of this.machines.values()) {
      machine.halt();
      for (const disk of machine.everyDisk) await disk.close();
    }
  }
}

function describe(windows: string, capacity: number, told: Partial<ImageFacts>): Pick<DriveFacts, 'chain' | 'path'> {
  const image: ImageFacts = {
    path: windows,
    format: 'VHDX',
    type: 'Dynamic',
    size: String(capacity),
    fileSize: String(Math.ceil(capacity / 3)),
    blockSize: 32 * MiB,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    identifier: guid(`${windows} identifier`).toUpperCase(),
    attached: true,
    pmem: false,
    writtenAt: '2026-01-02T03:04:05Z',
    ...told,
  };
  return { path: image.path, chain: [image] };
}

/** Files that a person put on top, each written to before the next. */
async function children(disk: SimulatedDisk | undefined, count: number, machine: Machine): Promise<void> {
  for (let made = 1; disk && made <= count; made += 1) {
    const name = disk.path.replace(/(-child-\d+)?\.vhdx$/, `-child-${made}.vhdx`);
    await disk.freeze(await disk.prepare(name));
    machine.tick(3);
  }
}

function place(slot: string): Pick<Drive, 'controllerType' | 'controllerNumber' | 'controllerLocation'> {
  const [, type = '', number, location] = /^(ide|scsi|pmem)(\d+):(\d+)$/.exec(slot) ?? [];
  if (type === '') throw new RangeError(`${slot} is no slot`);
  const controllerType = type.toUpperCase() as 'IDE' | 'SCSI' | 'PMEM';
  return { controllerType, controllerNumber: Number(number), controllerLocation: Number(location) };
}

/** Generation 1 boots from IDE, which has two controllers of two places each. */
function free({ generation }: VmFacts, others: readonly Drive[]): string {
  const ide = generation === 1 ? ['ide0:0', 'ide0:1', 'ide1:0', 'ide1:1'] : [];
  const slots = [...ide, ...Array.from({ length: 64 }, (_, at) => `scsi0:${at}`)];
  const taken = new Set(others.map((d) => `${d.controllerType.toLowerCase()}${d.controllerNumber}:${d.controllerLocation}`));
  return slots.find((slot) => !taken.has(slot)) ?? 'scsi1:0';
}
