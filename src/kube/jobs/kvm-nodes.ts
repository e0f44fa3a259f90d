/** Whether a worker can have KVM: asked of the nodes when it is needed, because nodes come and go while a plan runs. */
import { MigrationError } from '../../model/errors.ts';
import { quantityOf } from '../../model/quantity.ts';
import type { KubeClient, KubeObject } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { takesPods } from '../facts/nodes.ts';
import { NODES } from '../kinds.ts';
import { KVM } from './worker-pod.ts';
import type { WorkerSetup } from './worker-setup.ts';

/** False also where nobody may say: emulation works everywhere. */
export async function someNodeHasKvm(
  client: KubeClient,
  { nodeSelector }: Pick<WorkerSetup, 'nodeSelector'>,
  signal: AbortSignal,
): Promise<boolean> {
  const labels = Object.entries(nodeSelector).map(([name, value]) => `${name}=${value}`);
  try {
    for await (const { items } of client.list(NODES, { ...(labels.length > 0 && { labels: labels.join(',') }), signal }))
      if (items.some(offersKvm)) return true;
    return false;
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'cluster-forbidden') return false;
    throw error;
  }
}

function offersKvm(node: KubeObject): boolean {
  return takesPods(node) && (quantityOf(textAt(node, 'status', 'allocatable', KVM) ?? '') ?? 0) > 0;
}
