/**
 * Where a cluster has nodes of others, Pods of a labelled namespace are sent to one node by a MutatingAdmissionPolicy (Kubernetes 1.36; older
 * clusters serve none, and a Pod without a claim may go elsewhere there). The real scheduler still binds them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, callApi } from '../kubernetes-api.ts';

export interface Placement extends AsyncDisposable {
  /** Of the namespaces that it holds for. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

const POLICIES = '/apis/admissionregistration.k8s.io/v1';
const LABEL = 'test.kubeferry.dev/node';
const POLL_MS = 100;
const WITHIN_MS = 30_000;

/** Resolves when the policy works. */
export async function placePods(api: ApiServer, node: string): Promise<Placement> {
  const name = `kubeferry-test-${node}`;
  const expression = `[JSONPatch{op: "add", path: "/spec/nodeSelector", value: {"kubernetes.io/hostname": "${node}"}}]`;
  const made = await callApi(api, 'POST', `${POLICIES}/mutatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: {
        namespaceSelector: { matchLabels: { [LABEL]: node } },
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    },
  });
  const namespaceLabels = { [LABEL]: node };
  if (made.status === 404) return { namespaceLabels, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  await callApi(api, 'POST', `${POLICIES}/mutatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name } });
  await untilItWorks(api, name, namespaceLabels);
  return {
    namespaceLabels,
    [Symbol.asyncDispose]: async () => {
      await callApi(api, 'DELETE', `${POLICIES}/mutatingadmissionpolicybindings/${name}`);
      await callApi(api, 'DELETE', `${POLICIES}/mutatingadmissionpolicies/${name}`);
    },
  };
}

/** API servers take up policies a moment after they are stored. */
async function untilItWorks(api: ApiServer, namespace: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await callApi(api, 'POST', '/api/v1/namespaces', { metadata: { name: namespace, labels } });
  const pod = {
    metadata: { name: 'probe' },
    spec: { serviceAccountName: 'default', containers: [{ name: 'probe', image: 'none' }] },
  };
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const { body } = await callApi(api, 'POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
    if ((body as { readonly spec?: { readonly nodeSelector?: object } }).spec?.nodeSelector !== undefined) break;
    if (Date.now() > end) throw new Error(`no Pod is sent to a node: ${JSON.stringify(body)}`);
    await sleep(POLL_MS);
  }
  await callApi(api, 'DELETE', `/api/v1/namespaces/${namespace}`);
}
