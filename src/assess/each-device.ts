/** Rules that speak of each disk or each NIC: the path is made here, so that it is the same everywhere. */
import type { Disk, Nic, SourceVm } from '../model/vm.ts';
import type { Finding } from './rule.ts';

/** What a rule says about one device: the assessment, or with a category of its own; undefined: nothing. */
export type Said = string | Pick<Finding, 'assessment' | 'category'> | undefined;

const NOTHING: readonly Finding[] = [];

/** One finding per disk that `say` speaks of; the subject is the disk's `fact`. */
export function onDisks({ disks }: SourceVm, fact: keyof Disk, say: (disk: Disk) => Said): readonly Finding[] {
  return onEach(disks, 'disks', fact, say);
}

/** One finding per NIC that `say` speaks of; the subject is the NIC's `fact`. */
export function onNics({ nics }: SourceVm, fact: keyof Nic, say: (nic: Nic) => Said): readonly Finding[] {
  return onEach(nics, 'nics', fact, say);
}

/** A finding about a single fact of the VM, or none. */
export function found(subject: string, assessment: string | undefined): readonly Finding[] {
  return assessment === undefined ? NOTHING : [{ subject, assessment }];
}

function onEach<T>(devices: readonly T[], list: string, fact: keyof T & string, say: (device: T) => Said): readonly Finding[] {
  let findings: Finding[] | undefined;
  for (let index = 0; index < devices.length; index += 1) {
    const device = devices[index];
    const said = device === undefined ? undefined : say(device);
    if (said === undefined) continue;
    findings ??= [];
    const finding = typeof said === 'string' ? { assessment: said } : said;
    findings.push({ subject: `${list}[${index}].${fact}`, ...finding });
  }
  return findings ?? NOTHING;
}
