import type { ApiServer } from './kubernetes-api.ts';

/** A kubeconfig with one cluster, one user and one context. JSON is YAML. */
export function kubeconfig({ url, ca, token }: ApiServer): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
