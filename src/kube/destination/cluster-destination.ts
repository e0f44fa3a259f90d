/**
 * A namespace of a cluster as the place where one VM goes: claims that our workers fill, and the VirtualMachine after the last byte (target-machine.ts). Every call
 * looks first. What is ours carries the uid of its VmMigration; until the VM exists it owns the claims, so that they go with it; from then on
 * nothing does.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { ClaimOptions, Destination } from '../../contracts/destination.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { ownPlacements } from '../../model/own-placements.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { SinceCutover } from '../../model/since-cutover.ts';
import type { DiskTarget } from '../../model/transfer.ts';
import { JOURNAL, WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient, KubeObject, ResourceType } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { lookAtTargets } from '../jobs/target-looks.ts';
import type { WorkerJobs } from '../jobs/worker-jobs.ts';
import { CLAIMS, JOBS, VIRTUAL_MACHINES } from '../kinds.ts';
import { objectOf } from '../resources/collection.ts';
import { MADE_BY, madeFor } from '../runtime/owners.ts';
import { endTest } from '../tests/end-test.ts';
import { grow } from './claim-growth.ts';
import { ownObject } from './own-object.ts';
import { machineOf, rehearse } from './rehearsal.ts';
import { heldBack, TargetMachine } from './target-machine.ts';

/** Annotation of a claim that holds all of its disk: the root of its proof, or `unproven`. */
const FILLED = 'kubeferry.dev/filled';

export interface ClusterDestinationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly owner: ResourceName;
  /** Where VMs are made. */
  readonly namespace: string;
  /** Workers that look at claims; absent: nobody looks. */
  readonly jobs?: WorkerJobs;
}

export class ClusterDestination implements Destination {
  readonly #options: ClusterDestinationOptions;
  readonly #client: KubeClient;
  readonly #owner: ResourceName;
  readonly #namespace: string;

  constructor(options: ClusterDestinationOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#owner = options.owner;
    this.#namespace = options.namespace;
  }

  async check(plans: readonly VmPlan[], { signal }: ClaimOptions): Promise<void> {
    for (const plan of plans) {
      await this.#checkMachine(plan, signal);
      for (const { metadata } of claimsToFill(plan)) await this.#own(CLAIMS, metadata.name, signal);
    }
  }

  async claim(plans: readonly VmPlan[], options: ClaimOptions): Promise<void> {
    await this.check(plans, options);
    const { signal } = options;
    for (const plan of plans) {
      if ((await this.#own(VIRTUAL_MACHINES, plan.mapping.targetName, signal)) !== undefined) continue;
      for (const manifest of claimsToFill(plan)) {
        const found = await this.#own(CLAIMS, manifest.metadata.name, signal);
        if (found !== undefined) {
          await grow(found, manifest, { ...this.#options, signal });
          continue;
        }
        const place = { ...manifest.metadata, namespace: this.#namespace };
        const metadata = madeFor(objectOf(this.#owner), place, { controller: true, blocking: true });
        await this.#client.apply(CLAIMS, { ...manifest, metadata }, { signal });
      }
    }
  }

  diskTarget(plan: VmPlan, diskKey: string): DiskTarget {
    if (claimOf(plan, diskKey).spec.volumeMode === 'Block')
      return { kind: 'block-device', path: WORKER_PATHS.device, journal: `${WORKER_PATHS.journal}/${JOURNAL}` };
    return { kind: 'raw-file', path: `${WORKER_PATHS.disk}/disk.img` };
  }

  /** Says on the claim that all of its disk is there. @param root of the proof */
  async filled(plan: VmPlan, diskKey: string, root: string | undefined, signal: AbortSignal): Promise<void> {
    const ref = { namespace: this.#namespace, name: claimOf(plan, diskKey).metadata.name };
    await this.#client.patch(CLAIMS, ref, { metadata: { annotations: { [FILLED]: root ?? 'unproven' } } }, { signal });
  }

  /** Takes back that all of its disk is there: it is written on. Nothing is written where nobody said so. */
  async reopened(plan: VmPlan, diskKey: string, signal: AbortSignal): Promise<void> {
    const { name } = claimOf(plan, diskKey).metadata;
    const claim = await this.#own(CLAIMS, name, signal);
    if (textAt(claim, 'metadata', 'annotations', FILLED) === undefined) return;
    const metadata = { annotations: { [FILLED]: null } };
    await this.#client.patch(CLAIMS, { namespace: this.#namespace, name }, { metadata }, { signal });
  }

  /** Whether the claim still says that it was filled with this. @param root of the proof */
  async isFilled(plan: VmPlan, diskKey: string, root: string | undefined, signal: AbortSignal): Promise<boolean> {
    const claim = await this.#own(CLAIMS, claimOf(plan, diskKey).metadata.name, signal);
    return textAt(claim, 'metadata', 'annotations', FILLED) === (root ?? 'unproven');
  }

  async makeReady(plan: VmPlan, signal: AbortSignal): Promise<void> {
    const machine = this.#machine(plan);
    // A test of the target ends with the cutover.
    await endTest(this.#client, this.#options, signal);
    await rehearse(plan, { ...this.#options, machine, claims: claimsToFill(plan) }, signal);
  }

  async createVm(plan: VmPlan, signal: AbortSignal): Promise<void> {
    const machine = this.#machine(plan);
    const found = await machine.look(signal);
    if (found !== undefined && heldBack(found) === undefined) return;
    for (const { metadata } of claimsToFill(plan)) {
      const claim = await this.#own(CLAIMS, metadata.name, signal);
      if (textAt(claim, 'metadata', 'annotations', FILLED) === undefined)
        throw new MigrationError('target-changed', `The claim ${metadata.name} is not the one that was filled.`, {
          hint: 'Somebody removed it. Retry the VM: its disk is copied anew.',
        });
    }
    // First nobody owns the claims: a VM whose claims go with a VmMigration must never be.
    for (const { metadata } of claimsToFill(plan)) {
      const ref = { namespace: this.#namespace, name: metadata.name };
      await this.#client.patch(CLAIMS, ref, { metadata: { ownerReferences: null } }, { signal });
    }
    const { manifest, runStrategy } = machineOf(plan);
    await machine.release(found ?? (await machine.make(manifest, runStrategy, signal)), runStrategy, signal);
  }

  async discardVm(plan: VmPlan, signal: AbortSignal): Promise<'never-there' | 'stopped'> {
    return await this.#machine(plan).holdBack('the migration stopped before its end. The source may run again.', signal);
  }

  async writtenSince(
    plan: VmPlan,
    progress: Pick<VmProgress, 'transfers' | 'since'>,
    signal: AbortSignal,
  ): Promise<readonly SinceCutover[]> {
    const { jobs } = this.#options;
    const disks = ownPlacements(plan).map(({ disk }) => {
      const { metadata, spec } = claimOf(plan, disk);
      return { disk, claim: metadata.name, block: spec.volumeMode === 'Block' };
    });
    if (jobs === undefined) return disks.map(({ disk }) => ({ disk, content: 'unknown' }));
    const { owner, namespace } = this.#options;
    return await lookAtTargets(plan, progress, { jobs, owner, namespace, disks }, signal);
  }

  /** What happened is in the status of the VmMigration. */
  async publish(): Promise<void> {}

  /** Removes the claims of a VM that is not to come, with the Jobs whose Pods would hold them; nothing where the VM is there. */
  async discard(signal: AbortSignal): Promise<void> {
    await endTest(this.#client, this.#options, signal);
    const vms = await this.#listOurs(VIRTUAL_MACHINES, signal);
    if (vms.length > 0) return;
    await this.#removeOurs(JOBS, signal);
    await this.#removeOurs(CLAIMS, signal);
  }

  /** Removes what no owner takes with it: the Jobs in another namespace, and the claims of a VM that is not to come. */
  async clear(signal: AbortSignal, { isComplete }: { readonly isComplete: boolean }): Promise<void> {
    if (this.#owner.namespace !== this.#namespace) await this.#removeOurs(JOBS, signal);
    if (isComplete) await endTest(this.#client, this.#options, signal);
    else await this.discard(signal);
  }

  async #listOurs(type: ResourceType, signal: AbortSignal): Promise<readonly KubeObject[]> {
    const found: KubeObject[] = [];
    const selection = { namespace: this.#namespace, labels: `${MADE_BY}=${this.#owner.uid}`, metadataOnly: true };
    for await (const { items } of this.#client.list(type, { ...selection, signal })) found.push(...items);
    return found;
  }

  async #removeOurs(type: ResourceType, signal: AbortSignal): Promise<void> {
    for (const { metadata } of await this.#listOurs(type, signal)) {
      const only = metadata.uid === undefined ? {} : { uid: metadata.uid };
      await this.#client.delete(type, { namespace: this.#namespace, name: metadata.name }, { signal, ...only });
    }
  }

  /** One that was held back may be here, and may not run: somebody may have started it to look at it. */
  async #checkMachine(plan: VmPlan, signal: AbortSignal): Promise<void> {
    const machine = this.#machine(plan);
    if (heldBack(await machine.look(signal)) === undefined || !(await machine.runs(signal))) return;
    const { targetName: vm } = plan.mapping;
    throw new MigrationError('target-occupied', `The VM ${vm} runs in the cluster, although its migration stopped.`, {
      ...{ vm, hint: 'Stop it: its disks are written anew.' },
    });
  }

  #machine({ mapping: { targetName: name } }: VmPlan): TargetMachine {
    return new TargetMachine({ ...this.#options, name });
  }

  async #own(type: ResourceType, name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    return await ownObject(this.#options, type, name, signal);
  }
}

function claimsToFill(plan: VmPlan): readonly PersistentVolumeClaim[] {
  return ownPlacements(plan).map(({ disk }) => claimOf(plan, disk));
}

/** The claim that receives a disk. */
export function claimOf({ mapping }: VmPlan, diskKey: string): PersistentVolumeClaim {
  const name = mapping.placements.find(({ disk }) => disk === diskKey)?.claim;
  const claim = mapping.manifests.find(
    (manifest): manifest is PersistentVolumeClaim => manifest.kind === 'PersistentVolumeClaim' && manifest.metadata.name === name,
  );
  if (claim === undefined) throw new Error(`${mapping.targetName} has no claim for ${diskKey}`);
  return claim;
}
