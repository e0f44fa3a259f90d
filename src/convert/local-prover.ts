/** The boot proof of a folder's VMs on this machine: on overlays, beside whatever else it does. */
import { mkdir, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import path from 'node:path';
import type { VolumeKey } from '../contracts/guest-converter.ts';
import type { BootProver, GuestWork } from '../contracts/guests.ts';
import type { JobQueue } from '../contracts/job-queue.ts';
import type { BootFamily, BootProof } from '../model/boot-proof.ts';
import { findGuestOs } from '../model/guest-os.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import { type StaticNic, staticNics } from '../model/static-addresses.ts';
import { requireProgram } from '../programs/find-program.ts';
import type { StaticAddress } from './boot/network.ts';
import { type BootRequest, proveBoot } from './boot/prove.ts';
import { readKeys } from './keys.ts';

export interface LocalProverOptions {
  /** Where the bytes of a disk are. */
  readonly diskPath: (plan: VmPlan, disk: string) => string;
  /** Folder with room for what guests write while they are watched. */
  readonly workspaceOf: (plan: VmPlan) => string;
  /** Where the picture of a VM goes (PNG). */
  readonly pictureOf: (plan: VmPlan) => string;
  /** How many guests run at once. */
  readonly queue: JobQueue;
  /** Of each guest. */
  readonly limits: BootRequest['limits'];
}

/** With the Debian packages that bring them. */
export const PROVER_PROGRAMS = { 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils' } as const;

export class LocalProver implements BootProver {
  readonly #options: LocalProverOptions;

  constructor(options: LocalProverOptions) {
    this.#options = options;
  }

  async check(plans: readonly VmPlan[]): Promise<void> {
    if (plans.every(({ proof }) => proof === undefined)) return;
    for (const [name, debianPackage] of Object.entries(PROVER_PROGRAMS)) await requireProgram(name, debianPackage);
    for (const plan of plans) if (plan.proof !== undefined) await keysOf(plan);
  }

  /** Also of a VM that is to stay off: nothing but its twin runs. */
  async prove(plan: VmPlan, progress: VmProgress, { signal, onProgress, onWait }: GuestWork): Promise<BootProof | undefined> {
    const { queue, workspaceOf } = this.#options;
    const workspace = workspaceOf(plan);
    onWait('a place among the guests that are watched at once');
    const work = async (): Promise<BootProof> => {
      onWait(undefined);
      onProgress('The guest boots on copies of its disks, in a network of its own');
      await mkdir(workspace, { recursive: true, mode: 0o700 });
      try {
        return await proveBoot(this.#requestOf(plan, progress, workspace), signal, await keysOf(plan));
      } finally {
        await rm(workspace, { recursive: true, force: true });
      }
    };
    return await queue.submit(plan.mapping.targetName, work, signal);
  }

  #requestOf(plan: VmPlan, progress: VmProgress, workspace: string): BootRequest {
    const { diskPath, pictureOf, limits } = this.#options;
    const { mapping, vm, proof } = plan;
    const machine = mapping.manifests.find((manifest) => manifest.kind === 'VirtualMachine');
    if (machine === undefined) throw new Error(`${mapping.targetName} has no machine`);
    return {
      vm: machine,
      disks: mapping.placements.map(({ disk, claim }) => ({ claim, path: path.resolve(diskPath(plan, disk)) })),
      family: familyOf(plan, progress),
      addresses: staticNics(vm, progress.conversion).flatMap(addressOf),
      probes: proof?.probes ?? [],
      ...(proof?.deadlineSeconds !== undefined && { deadlineSeconds: proof.deadlineSeconds }),
      limits,
      workspace,
      screenshot: pictureOf(plan),
    };
  }
}

/** For a guest that asks for them when it starts. @throws MigrationError `config-invalid` */
async function keysOf({ conversion }: VmPlan): Promise<readonly VolumeKey[]> {
  return conversion?.keys === undefined ? [] : await readKeys(conversion.keys);
}

/** What was found in the guest says more than what the source calls it; only Linux and Windows are converted. */
function familyOf({ vm }: VmPlan, { conversion }: Pick<VmProgress, 'conversion'>): BootFamily {
  if (conversion?.guest !== undefined) return /windows/i.test(conversion.guest) ? 'windows' : 'linux';
  const family = findGuestOs(vm.guest)?.family;
  return family === 'linux' || family === 'windows' ? family : 'other';
}

/** The first IPv4 address of a NIC: qemu imitates one network for each. */
function addressOf({ mac, addresses, gateways }: StaticNic): readonly StaticAddress[] {
  const found = addresses.find(({ address }) => isIPv4(address));
  if (found === undefined) return [];
  const gateway = gateways.find((each) => isIPv4(each));
  return [{ mac, address: `${found.address}/${found.prefix ?? 24}`, ...(gateway !== undefined && { gateway }) }];
}
