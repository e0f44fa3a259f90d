/** The login of a Pod on a real API server, with a token that is renewed as a kubelet does it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openCluster } from '../../../src/kube/index.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { startControlPlane } from '../../peers/control-plane.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { CONFIG_MAP } from '../cluster.ts';

const { signal } = new AbortController();

test('a Pod logs in by the token that is mounted now, says which namespace is its own, and needs no kubeconfig', async () => {
  await using plane = await startControlPlane();
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-account-'));
  const put = async (name: string, text: string): Promise<void> =>
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  const { hostname: host, port } = new URL(plane.api.url);
  const clock = new VirtualClock();
  try {
    await assert.rejects(openCluster({ pod: { host, port, folder } }, clock), { code: 'cluster-not-configured' });
    await put('token', 'outdated');
    await put('ca.crt', plane.api.ca);
    await put('namespace', 'default\n');
    using cluster = await openCluster({ pod: { host, port, folder } }, clock);
    assert.equal(cluster.namespace, 'default');
    const look = () => cluster.client.get(CONFIG_MAP, { namespace: 'default', name: 'nobody' }, { signal });
    await assert.rejects(look(), { code: 'cluster-login-failed' });
    const account = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const { status } = await expectApi<{ readonly status: { readonly token: string } }>(plane.api, 'POST', account, { spec: {} });
    await put('token', `${status.token}\n`);
    // It is known who asks; that he may not is another thing.
    await assert.rejects(look(), { code: 'cluster-forbidden' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
