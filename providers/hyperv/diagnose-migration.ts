/** The part of the doctor that looks at what a migration reads: nodes, machines, and the files of their disks. */
import type { Check, Connection, DiagnoseOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { attempt, type Finding } from '../../src/net/check.ts';
import { tooOld, trackingOf } from './changes.ts';
import type { Hosts } from './hosts.ts';
import { toSourceVm } from './inventory/index.ts';
import type { Host } from './scripts/host-answer.ts';
import type { Vm } from './scripts/vm-answer.ts';
import { explain } from './trouble.ts';

export interface Patient {
  readonly hosts: Hosts;
  readonly connection: Connection;
  readonly options: DiagnoseOptions;
}

/** A machine as its host answers, and as everybody else sees it. */
export interface SeenVm {
  readonly answer: Vm;
  readonly vm: SourceVm;
}

/** Volumes whose files are opened; a doctor reads no whole farm. */
const VOLUMES = 32;
const NAMED = 5;

export async function* diagnoseMigration(patient: Patient, signal: AbortSignal): AsyncGenerator<Check, readonly SeenVm[]> {
  const { hosts } = patient;
  const [first] = hosts.nodes;
  yield await attempt(
    { id: 'cluster', label: 'Failover cluster' },
    signal,
    async () => await lookAtCluster(hosts, first?.name, signal),
  );
  const reached: Host[] = [];
  for (const { name, address, state } of hosts.nodes) {
    const about = { id: 'node', label: `Node ${name}` };
    if (state === 'Down')
      yield {
        ...about,
        outcome: 'warning',
        finding: 'is down',
        todo: 'Its VMs cannot be migrated before it is up, or they are moved.',
      };
    else if (hosts.cluster !== undefined) {
      yield await attempt(about, signal, async () => {
        reached.push(await hosts.facts(name, signal));
        return `answers as ${address}`;
      });
    } else reached.push(await hosts.facts(name, signal));
  }
  const seen: SeenVm[] = [];
  yield await attempt({ id: 'inventory', label: 'Inventory' }, signal, async () => {
    for (const host of reached) seen.push(...(await vmsOf(hosts, host, signal)));
    if (seen.length > 0) return `${seen.length} VMs on ${reached.length === 1 ? 'one host' : `${reached.length} hosts`}`;
    return { outcome: 'warning', finding: 'no VM is visible', todo: 'Put the account into Hyper-V Administrators of each host.' };
  });
  yield { id: 'rct', label: 'Change tracking', ...countTracked(seen) };
  for (const [volume, vms] of volumesOf(seen)) {
    const about = { id: 'disks', label: `Disks on ${volume}` };
    yield await attempt(about, signal, async () => await readOne(patient, { volume, vms }, signal));
  }
  return seen;
}

async function lookAtCluster(hosts: Hosts, node: string | undefined, signal: AbortSignal): Promise<Finding> {
  if (hosts.cluster !== undefined) {
    const { length } = hosts.nodes;
    return `${hosts.cluster}, ${length} ${length === 1 ? 'node' : 'nodes'}`;
  }
  const facts = node === undefined ? undefined : await hosts.facts(node, signal);
  if (!facts?.cluster) return { outcome: 'skipped', finding: 'the host stands alone' };
  return {
    outcome: 'warning',
    finding: `${facts.cluster.name} does not answer this account: only the VMs of this host are seen`,
    todo: 'On a node: Grant-ClusterAccess -User … -ReadOnly.',
  };
}

async function vmsOf(hosts: Hosts, host: Host, signal: AbortSignal): Promise<readonly SeenVm[]> {
  try {
    const { vms } = await (await hosts.remote(host.name, signal)).run('vms', {}, signal);
    return vms.map((answer) => ({ answer, vm: toSourceVm(answer, host) }));
  } catch (error) {
    throw explain(error, { what: `The VMs of ${host.name} cannot be read`, file: host.name });
  }
}

/** How many could be migrated warm, and why others could not. */
function countTracked(seen: readonly SeenVm[]): Exclude<Finding, string> {
  const reasons = new Map<string, string[]>();
  for (const { answer } of seen) {
    const because = tooOld(answer) ?? trackingOf(answer).untracked[0]?.because;
    if (because !== undefined) reasons.set(because, [...(reasons.get(because) ?? []), answer.name]);
  }
  const unable = [...reasons.values()].reduce((sum, { length }) => sum + length, 0);
  const finding = `${seen.length - unable} of ${seen.length} VMs can be migrated warm (experimental)`;
  if (unable === 0) return { outcome: 'ok', finding };
  const told = [...reasons].map(([because, names]) => {
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return `${names.slice(0, NAMED).join(', ')}${more}: ${because}`;
  });
  return {
    outcome: 'warning',
    finding: `${finding}; ${told.join('; ')}`,
    todo: 'Mend what is said of each VM, or migrate it cold. Disks that are not counted are compared as a whole.',
  };
}

function volumesOf(seen: readonly SeenVm[]): readonly (readonly [volume: string, vms: readonly SourceVm[]])[] {
  const volumes = new Map<string, SourceVm[]>();
  for (const { vm } of seen) {
    for (const name of new Set(vm.disks.flatMap(({ storage }) => storage?.name ?? []))) {
      volumes.set(name, [...(volumes.get(name) ?? []), vm]);
    }
  }
  return [...volumes].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, VOLUMES);
}

/** The first disk of a VM that is off, opened as a copy would. */
async function readOne(
  { connection, options: { look } }: Patient,
  { volume, vms }: { readonly volume: string; readonly vms: readonly SourceVm[] },
  signal: AbortSignal,
): Promise<Finding> {
  const off = vms.find(({ power }) => power === 'off');
  if (off === undefined) {
    return {
      outcome: 'skipped',
      finding: `no VM on it is off (${vms.length} are on), and disks of running VMs are locked`,
      todo: 'Shut a small VM down and run the doctor again, or try a running one with --try-checkpoint VM.',
    };
  }
  const disk = off.disks.find(({ storage }) => storage?.name === volume);
  if (disk === undefined || connection.access === undefined)
    throw new MigrationError('disk-unreachable', 'No disk can be opened.');
  const source = await connection.openDisk(off.ref, disk.key, signal);
  if (look === undefined) return { outcome: 'skipped', finding: 'it was not opened here' };
  return `disk ${disk.key} of ${off.name}: ${await look(source, connection.access, signal)}`;
}
