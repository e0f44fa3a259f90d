/**
 * What making a VM will need, looked at while its source still runs: claims that are bound and large enough, networks that are there, and a
 * VirtualMachine that the API server with its quotas and webhooks would take. Nothing is stored.
 */
import { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim, RunStrategy, VirtualMachine } from '../../model/manifest.ts';
import type { VmPlan } from '../../model/plan.ts';
import { quantityOf } from '../../model/quantity.ts';
import { formatBytes } from '../../model/units.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { CLAIMS, NETWORK_ATTACHMENTS } from '../kinds.ts';
import { type OwnScope, ownObject } from './own-object.ts';
import { heldBack, type TargetMachine } from './target-machine.ts';

export interface RehearsalOptions extends OwnScope {
  readonly machine: TargetMachine;
  /** Those that this VM fills. */
  readonly claims: readonly PersistentVolumeClaim[];
}

/** How API servers say that a webhook is not asked about what is not stored. */
const NOT_ASKED = 'does not support dry run';

/**
 * @throws MigrationError `target-changed` for a claim that has to be copied to anew, `space-insufficient`, `target-network-missing`, and what making
 * the VM would throw
 */
export async function rehearse(plan: VmPlan, options: RehearsalOptions, signal: AbortSignal): Promise<void> {
  const { machine } = options;
  const { manifest, runStrategy } = machineOf(plan);
  for (const { disk, claim } of plan.mapping.placements) {
    if (!options.claims.some(({ metadata }) => metadata.name === claim)) continue;
    const capacity = plan.vm.disks.find(({ key }) => key === disk)?.capacity ?? 0;
    // A cold VM is copied later: its claims may wait for their first worker.
    await lookAtClaim(claim, { ...options, capacity, isFilled: plan.type === 'warm' }, signal);
  }
  await lookAtNetworks(manifest, options, signal);
  const found = await machine.look(signal);
  if (found !== undefined && heldBack(found) !== undefined) return;
  try {
    await machine.rehearse(manifest, runStrategy, signal);
  } catch (error) {
    if (!(error instanceof MigrationError && error.message.includes(NOT_ASKED))) throw error;
  }
}

/** How the VM is to be, and whether it runs. */
export function machineOf({ mapping }: VmPlan): { readonly manifest: VirtualMachine; readonly runStrategy: RunStrategy } {
  const manifest = mapping.manifests.find((each): each is VirtualMachine => each.kind === 'VirtualMachine');
  if (manifest === undefined) throw new Error(`${mapping.targetName} has no VirtualMachine`);
  return { manifest, runStrategy: mapping.runStrategy ?? manifest.spec.runStrategy };
}

interface ClaimScope extends OwnScope {
  /** Of the disk, in bytes. */
  readonly capacity: number;
  /** Something was copied to it already. */
  readonly isFilled: boolean;
}

async function lookAtClaim(name: string, scope: ClaimScope, signal: AbortSignal): Promise<void> {
  const { capacity, isFilled } = scope;
  const claim = await ownObject(scope, CLAIMS, name, signal);
  const phase = textAt(claim, 'status', 'phase');
  if (claim === undefined || phase === 'Lost' || (isFilled && phase !== 'Bound'))
    throw new MigrationError('target-changed', `The claim ${name} is not the one that was copied to: it has no volume.`, {
      hint: 'Somebody removed it. Its disk is copied anew.',
    });
  const size = quantityOf(textAt(claim, 'status', 'capacity', 'storage') ?? '');
  if (size === undefined || size >= capacity) return;
  throw new MigrationError(
    'space-insufficient',
    `The volume of the claim ${name} has ${formatBytes(size)}, and its disk ${formatBytes(capacity)}.`,
    { hint: 'Enlarge the claim, or remove it and retry the VM: it is made and copied anew.' },
  );
}

async function lookAtNetworks({ spec }: VirtualMachine, { client, namespace }: OwnScope, signal: AbortSignal): Promise<void> {
  for (const network of spec.template.spec.networks ?? []) {
    if (!('multus' in network)) continue;
    const { networkName } = network.multus;
    const [name = '', place = namespace] = networkName.split('/').reverse();
    if (await isThere(client, { namespace: place, name }, signal)) continue;
    throw new MigrationError('target-network-missing', `There is no NetworkAttachmentDefinition ${name} in ${place}.`);
  }
}

/** True where nobody may say. */
async function isThere(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const only = { namespace, fields: `metadata.name=${name}`, metadataOnly: true };
    for await (const { items } of client.list(NETWORK_ATTACHMENTS, { ...only, signal })) if (items.length > 0) return true;
    return false;
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    if (error.code === 'cluster-kind-missing') return false;
    if (error.code === 'cluster-forbidden') return true;
    throw error;
  }
}
