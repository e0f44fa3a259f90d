/** The VMs of the fleet in two waves: what each is there for, and what its plan says. */
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import type { GuestOptions } from '../../peers/vcenter/guest.ts';

const MiB = 1024 * 1024;

/** `switched`: cut over by somebody's word; `returned`: taken back after its cutover; `doomed`: its group fails with `BAD` at first. */
export type Role = 'switched' | 'returned' | 'doomed' | 'plain';

export interface Member {
  readonly name: string;
  readonly wave: 1 | 2;
  readonly role: Role;
  readonly group?: string;
  readonly guest: GuestOptions;
}

/** The VM whose last copy fails as long as the test says so. */
export const BAD = 'one-bad';
/** VMs of the second wave that are cut over together. */
const TOGETHER = 3;

/** @param count of VMs, from 6 */
export function rosterOf(count: number): readonly Member[] {
  const second = Math.floor(count / 2) - (count < 10 ? 1 : 0);
  const plain = Array.from({ length: count - second - 4 }, (_, index) => `one-${index}`);
  const first = [
    { name: 'one-switched', role: 'switched' },
    { name: 'one-returned', role: 'returned' },
    { name: 'one-good', role: 'doomed', group: 'pair' },
    { name: BAD, role: 'doomed', group: 'pair' },
    ...plain.map((name) => ({ name, role: 'plain' as const })),
  ] as const;
  const others = Array.from({ length: second }, (_, index) => {
    const group = Math.min(Math.floor(index / TOGETHER), Math.max(0, Math.floor(second / TOGETHER) - 1));
    return { name: `two-${index}`, role: 'plain' as const, group: `together-${group}` };
  });
  return [...first.map((one) => ({ ...one, wave: 1 as const })), ...others.map((one) => ({ ...one, wave: 2 as const }))].map(
    (one, index) => ({ ...one, guest: guestOf(index, count) }),
  );
}

/** Every fifth VM has a second disk. The more there are, the less each writes: all of them do it by the requests that the server gets. */
function guestOf(index: number, count: number): GuestOptions {
  const first = (1 + (index % 3)) * MiB;
  return { disks: index % 5 === 1 ? [first, MiB] : [first], seed: index + 1, writeEvery: count };
}

export interface Limits {
  readonly vms: number;
  readonly transfers: number;
  /** Of both plans together: they fill the same class. */
  readonly perStorageClass: number;
}

/** The spec of a wave's MigrationPlan, cut over by hand where nothing else is said. */
export function planOf(members: readonly Member[], limits: Limits, more: object): object {
  const groups = Map.groupBy(
    members.filter(({ group }) => group !== undefined),
    ({ group = '' }) => group,
  );
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  return {
    providerRef: { name: 'source' },
    selection: { names: members.map(({ name }) => name) },
    type: 'warm',
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    shutdown: { graceSeconds: 20, otherwise: 'force' },
    groups: [...groups].filter(([, vms]) => vms.length > 1).map(([name, vms]) => ({ name, vms: vms.map((vm) => vm.name) })),
    limits,
    ...more,
  };
}
