/** A hook as Kubernetes sees it: a Job of the user's image, as locked up as our own workers. */
import type { ResourceName } from '../../contracts/resources.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { MigrationPlanSpec } from '../../resources/migration-plan.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { JOB_LABELS } from '../jobs/job-watch.ts';
import { LOCKED } from '../jobs/worker-pod.ts';
import { objectOf } from '../resources/collection.ts';
import { madeFor } from '../runtime/owners.ts';

export type HookSpec = NonNullable<MigrationPlanSpec['hooks']>[number];

export interface HookJob {
  readonly name: string;
  readonly owner: ResourceName;
  /** Name of the MigrationPlan. */
  readonly planName: string;
  readonly plan: VmPlan;
  readonly spec: HookSpec;
  /** Seconds that the Job is kept after its end. */
  readonly ttlSeconds: number;
}

/** It runs in the namespace of the plan, where its Secret and its account are. */
export function hookJob({ name, owner, planName, plan, spec, ttlSeconds }: HookJob): KubeObject {
  const labels = { ...JOB_LABELS, 'app.kubernetes.io/component': 'hook' };
  const { image, command, serviceAccountName, secretRef, timeoutSeconds, at } = spec;
  const { mapping, vm } = plan;
  const env = {
    KUBEFERRY_PLAN: planName,
    KUBEFERRY_NAMESPACE: owner.namespace,
    KUBEFERRY_VM: vm.name,
    KUBEFERRY_VM_ID: vm.ref.id,
    KUBEFERRY_TARGET: mapping.targetName,
    KUBEFERRY_HOOK: at,
  };
  return {
    metadata: madeFor(objectOf(owner), { name, namespace: owner.namespace, labels }, { controller: true }),
    spec: {
      // What a hook does is done once; who wants to try again says so with the VM.
      backoffLimit: 0,
      activeDeadlineSeconds: timeoutSeconds,
      ttlSecondsAfterFinished: ttlSeconds,
      podReplacementPolicy: 'Failed',
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          ...(serviceAccountName !== undefined && { serviceAccountName }),
          // Only who asks for an account needs its token.
          automountServiceAccountToken: serviceAccountName !== undefined,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'hook',
              image,
              ...(command !== undefined && { command }),
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              ...(secretRef !== undefined && { envFrom: [{ secretRef }] }),
              terminationMessagePolicy: 'FallbackToLogsOnError',
              securityContext: { allowPrivilegeEscalation: LOCKED.allowPrivilegeEscalation, capabilities: LOCKED.capabilities },
            },
          ],
        },
      },
    },
  };
}
