/**
 * QueryChangedDiskAreas over the disks of simulated guests. What servers say was gathered from public reports: a start offset at or past the
 * end, and on some versions tracking that is off, is an InvalidArgument about startOffset; an unknown change id or missing tracking is a
 * FileFault whose first message key begins with vim.hostd.vmsvc.cbt; a change id in no known form is an InvalidArgument about changeId.
 */
import type { Area, SimulatedDisk } from './disk.ts';
import { invalidPowerState, type Machines } from './machines.ts';
import { type Answer, answer, argument, fault, invalidArgument, type SoapCall } from './soap.ts';

export interface AreaRules {
  /** Most areas in one answer; 2000 when absent, as real answers stay below some thousand. */
  readonly areasPerAnswer?: number;
  /** How a server says that tracking is off. */
  readonly untracked?: 'file-fault' | 'start-offset';
  /** What `*` tells: the allocated areas, one area as long as the disk (NFS without allocation), or a fault. */
  readonly allocation?: 'exact' | 'whole-disk' | 'fault';
}

export function queryChangedDiskAreas(call: SoapCall, machines: Machines, rules: AreaRules): Answer | undefined {
  const guest = machines.guests.get(call.self.id);
  if (!guest) return undefined;
  const snapshot = argument(call, 'snapshot');
  if (snapshot === undefined && guest.on) return invalidPowerState('poweredOff', 'poweredOn');
  const since = argument(call, 'changeId') ?? '';
  const start = Number(argument(call, 'startOffset'));
  const key = Number(argument(call, 'deviceKey'));
  const known = (snapshot === undefined ? guest.disks : guest.everyDisk).filter((entry) => entry.key === key);
  // A disk that took the place of one that was removed has its key.
  const disk = known.find((entry) => snapshot === undefined || entry.seenBy(snapshot)) ?? known[0];
  if (!disk) return invalidArgument('deviceKey');
  const seen = snapshot === undefined ? disk : disk.seenBy(snapshot);
  if (!seen) {
    return fault('ManagedObjectNotFound', {
      message: `The object 'vim.vm.Snapshot:${snapshot}' has already been deleted or has not been completely created`,
      fields: `<obj type="VirtualMachineSnapshot">${snapshot}</obj>`,
    });
  }
  if (!Number.isSafeInteger(start) || start < 0 || start >= seen.capacity) return invalidArgument('startOffset');
  if (since === '*' && rules.allocation === 'fault') return fileFault(disk, 'noEpoch');
  const areas = disk.areas(snapshot, since);
  if (areas === 'malformed-change') return invalidArgument('changeId');
  if (areas === 'unknown-change') return fileFault(disk, 'cannotGetChanges');
  if (areas === 'not-tracked')
    return rules.untracked === 'start-offset' ? invalidArgument('startOffset') : fileFault(disk, 'noTrack');
  const told = since === '*' && rules.allocation === 'whole-disk' ? [{ start: 0, length: seen.capacity }] : areas;
  return answer(call.operation, `<returnval>${page(told, start, seen.capacity, rules.areasPerAnswer ?? 2000)}</returnval>`);
}

/** One answer: it covers the disk from `start` up to where the next question has to begin. */
function page(areas: readonly Area[], start: number, capacity: number, most: number): string {
  const from = areas.filter((area) => area.start + area.length > start);
  const told = from.slice(0, most);
  const end = from[most]?.start ?? capacity;
  const changed = told.map((area) => {
    const begin = Math.max(area.start, start);
    return `<changedArea><start>${begin}</start><length>${area.start + area.length - begin}</length></changedArea>`;
  });
  return `<startOffset>${start}</startOffset><length>${end - start}</length>${changed.join('')}`;
}

function fileFault(disk: SimulatedDisk, key: string): Answer {
  const path = disk.file.replace(/^\[(.*?)\] /, '/vmfs/volumes/$1/');
  return fault('FileFault', {
    message: `Error caused by file ${path}`,
    fields: `<faultMessage><key>vim.hostd.vmsvc.cbt.${key}</key></faultMessage><file>${path}</file>`,
  });
}
