import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ResourceType } from '../client/kube-client.ts';
import { CLAIMS, JOBS, SNAPSHOTS, VIRTUAL_MACHINES } from '../kinds.ts';
import { TEST_OF } from './test-objects.ts';

export interface TestScope {
  readonly owner: ResourceName;
  /** Of the target. */
  readonly namespace: string;
}

/** Removes all that belongs to tests of this VM's target, which stays as it is. Nothing happens where there is none. */
export async function endTest(client: KubeClient, scope: TestScope, signal: AbortSignal): Promise<void> {
  const { namespace } = scope;
  for (const type of [VIRTUAL_MACHINES, JOBS, CLAIMS, SNAPSHOTS]) {
    for (const { metadata } of await madeFor(client, type, scope, signal)) {
      const only = metadata.uid === undefined ? {} : { uid: metadata.uid };
      await client.delete(type, { namespace, name: metadata.name }, { signal, ...only });
    }
  }
}

/** Where a kind is not there, or may not be read, nobody made one of it. */
const NONE: ReadonlySet<string> = new Set(['cluster-kind-missing', 'cluster-forbidden']);

async function madeFor(
  client: KubeClient,
  type: ResourceType,
  { owner, namespace }: TestScope,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  const selection = { namespace, labels: `${TEST_OF}=${owner.uid}`, metadataOnly: true };
  try {
    for await (const { items } of client.list(type, { ...selection, signal })) found.push(...items);
  } catch (error) {
    if (!(error instanceof MigrationError) || !NONE.has(error.code)) throw error;
  }
  return found;
}
