/**
 * What property reads show of simulated guests: the file that is written, its parents and change id, the capacity, whether consolidation is
 * needed. Patterns over the simulator's XML, which is regular; real prefixes (`xsi:type`) take the place of the simulator's on the way.
 */
import type { SimulatedDisk } from './disk.ts';
import type { Leases } from './leases.ts';
import type { Machines } from './machines.ts';
import { decode, encode } from './soap.ts';
import type { Tasks } from './tasks.ts';

export interface Scene {
  readonly machines: Machines;
  readonly tasks: Tasks;
  readonly leases: Leases;
}

const ODD_NAMESPACE = ' xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"';
const OBJECT = /<(objects|objectSet)>([\s\S]*?)<\/\1>/g;
const DISK = /<(VirtualDevice|device)\b([^>]*\btype="VirtualDisk"[^>]*)>([\s\S]*?)<\/\1>/g;

/** The answer to a property read as a real server gives it. */
export function rewriteProperties(text: string, scene: Scene): string {
  const prefixed = text.replaceAll(ODD_NAMESPACE, '').replaceAll('_XMLSchema-instance:type=', 'xsi:type=');
  return prefixed.replaceAll(OBJECT, (all: string, tag: string, inner: string) => {
    const object = /<obj type="(\w+)">([^<]*)<\/obj>/.exec(inner);
    if (!object) return all;
    const changed = rewriteObject(object[1] ?? '', decode(object[2] ?? ''), inner, scene);
    return changed === inner ? all : `<${tag}>${changed}</${tag}>`;
  });
}

function rewriteObject(type: string, id: string, inner: string, { machines, tasks, leases }: Scene): string {
  if (type === 'Task') return tasks.rewrite(id, inner);
  if (type === 'HttpNfcLease') return leases.rewrite(id, inner);
  if (type === 'VirtualMachineSnapshot') {
    const held = (machines.guestOf(id)?.everyDisk ?? []).filter((disk) => disk.seenBy(id));
    return rewriteDisks(inner, held, (disk) => {
      const seen = disk.seenBy(id);
      const parents = disk.chain.slice(0, Math.max(0, disk.chain.indexOf(seen?.file ?? ''))).reverse();
      return { capacity: disk.capacity, ...seen, datastore: disk.datastore, parents };
    });
  }
  const guest = type === 'VirtualMachine' ? machines.guests.get(id) : undefined;
  if (!guest) return inner;
  const needed = String(guest.disks.some((disk) => disk.consolidationNeeded));
  const disks = rewriteDisks(inner, guest.disks, (disk) => ({
    file: disk.file,
    changeId: disk.changeId,
    datastore: disk.datastore,
    capacity: disk.capacity,
    parents: disk.chain.slice(0, -1).reverse(),
  }));
  return disks
    .replace(/(<name>runtime\.consolidationNeeded<\/name>(?:<op>assign<\/op>)?<val[^>]*>)\w+/, `$1${needed}`)
    .replace(/<consolidationNeeded>\w+/, `<consolidationNeeded>${needed}`);
}

interface Shown {
  readonly file?: string;
  readonly changeId?: string | undefined;
  /** As the simulator says when absent. */
  readonly datastore?: string | undefined;
  readonly capacity: number;
  /** Descriptors, the nearest first. */
  readonly parents: readonly string[];
}

function rewriteDisks(xml: string, disks: readonly SimulatedDisk[], show: (disk: SimulatedDisk) => Shown): string {
  if (disks.length === 0) return xml;
  return xml.replaceAll(DISK, (all: string, tag: string, attributes: string, inner: string) => {
    const disk = disks.find((entry) => entry.key === Number(/<key>(\d+)</.exec(inner)?.[1]));
    return disk ? `<${tag}${attributes}>${rewriteDisk(inner, show(disk))}</${tag}>` : all;
  });
}

function rewriteDisk(xml: string, shown: Shown): string {
  const changeId = shown.changeId === undefined ? '' : `<changeId>${shown.changeId}</changeId>`;
  const parents = shown.parents.reduceRight((inner, file) => parent(file, inner), '');
  return xml
    .replace(/<changeId>[^<]*<\/changeId>/, '')
    .replace(/<fileName>[^<]*/, `<fileName>${encode(shown.file ?? '')}`)
    .replace(/(<datastore\b[^>]*>)([^<]*)/, (_all, tag: string, id: string) => `${tag}${shown.datastore ?? id}`)
    .replace(/(<digestEnabled>|<\/backing>)/, `${changeId}${parents}$1`)
    .replace(/<capacityInKB>\d+/, `<capacityInKB>${shown.capacity / 1024}`)
    .replace(/<capacityInBytes>\d+/, `<capacityInBytes>${shown.capacity}`);
}

function parent(file: string, inner: string): string {
  return `<parent xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>${encode(file)}</fileName><diskMode>persistent</diskMode>${inner}</parent>`;
}
