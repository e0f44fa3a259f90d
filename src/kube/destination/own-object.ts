import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ResourceType } from '../client/kube-client.ts';
import { MADE_BY } from '../runtime/owners.ts';

export interface OwnScope {
  readonly client: KubeClient;
  readonly owner: ResourceName;
  readonly namespace: string;
}

/** The object when it was made for this owner, undefined where there is none. @throws MigrationError `target-occupied` */
export async function ownObject(
  { client, owner, namespace }: OwnScope,
  type: ResourceType,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const found = await client.get(type, { namespace, name }, { signal });
  if (found === undefined || found.metadata.labels?.[MADE_BY] === owner.uid) return found;
  const message = `There is a ${type.kind} ${name} in ${namespace} that this migration did not make.`;
  throw new MigrationError('target-occupied', message, { hint: 'Remove it, or give the VM another name.' });
}
