/** What a pod asks of its node, as the scheduler counts it (Kubernetes: effective requests, sidecars, pod-level resources, overhead). */
import { quantityOf } from '../../model/quantity.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { listAt, textAt } from './json.ts';

export function requestsOf(pod: KubeObject, resource: 'cpu' | 'memory'): number {
  const overhead = amount(textAt(pod, 'spec', 'overhead', resource));
  const ofPod = textAt(pod, 'spec', 'resources', 'requests', resource);
  if (ofPod !== undefined) return amount(ofPod) + overhead;
  const requested = (container: unknown): number => amount(textAt(container, 'resources', 'requests', resource));
  let sidecars = 0;
  let highest = 0;
  // Init containers run one after the other, beside the sidecars that were started before them.
  for (const container of listAt(pod, 'spec', 'initContainers')) {
    if (textAt(container, 'restartPolicy') === 'Always') {
      sidecars += requested(container);
      highest = Math.max(highest, sidecars);
    } else highest = Math.max(highest, sidecars + requested(container));
  }
  const together = listAt(pod, 'spec', 'containers').reduce<number>((sum, container) => sum + requested(container), sidecars);
  return Math.max(together, highest) + overhead;
}

function amount(text: string | undefined): number {
  return text === undefined ? 0 : (quantityOf(text) ?? 0);
}
