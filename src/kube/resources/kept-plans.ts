/**
 * What was decided about a VM before it began, kept for whoever goes on with it: the source looks different once the VM is switched off. A ConfigMap
 * beside the VmMigration, because a plan with its decisions is larger than a status should be.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { CONFIG_MAPS } from '../kinds.ts';
import { ownedBy } from '../runtime/owners.ts';
import { objectOf } from './collection.ts';

/** Far above any plan; a bound for what is unpacked. */
const MAX_PLAN = 16 * 1024 * 1024;

export async function keepPlan(client: KubeClient, owner: ResourceName, plan: VmPlan, signal: AbortSignal): Promise<void> {
  const metadata = ownedBy(mapOf(owner), objectOf(owner), { controller: true });
  await client.apply(CONFIG_MAPS, { metadata, data: { plan: await pack(plan) } }, { signal, force: true });
}

/** @throws MigrationError `state-unreadable` */
export async function keptPlan(client: KubeClient, owner: ResourceName, signal: AbortSignal): Promise<VmPlan> {
  const text = textAt(await client.get(CONFIG_MAPS, mapOf(owner), { signal }), 'data', 'plan');
  if (text === undefined) throw new MigrationError('state-unreadable', `The plan of ${owner.name} is gone.`);
  return await unpack<VmPlan>(text);
}

/** JSON, compressed, as text. */
export async function pack(value: unknown): Promise<string> {
  return (await promisify(gzip)(JSON.stringify(value))).toString('base64');
}

/** @throws MigrationError `state-unreadable` */
export async function unpack<T>(text: string): Promise<T> {
  try {
    return JSON.parse(String(await promisify(gunzip)(Buffer.from(text, 'base64'), { maxOutputLength: MAX_PLAN })));
  } catch (cause) {
    throw new MigrationError('state-unreadable', 'What was kept in the cluster is damaged.', { cause });
  }
}

function mapOf({ namespace, name }: ResourceName): { readonly namespace: string; readonly name: string } {
  return { namespace, name: `${name.slice(0, 240)}-plan` };
}
