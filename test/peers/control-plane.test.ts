import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type ApiServer, callApi } from './kubernetes-api.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ own: true });
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

test('the API server says the version that its module pins', async () => {
  const { body } = await callApi(plane.api, 'GET', '/version');
  assert.partialDeepStrictEqual(body, { major: '1', minor: '36', gitVersion: 'v1.36.3' });
});

test('a stranger is turned away, and a service account may do nothing that nobody granted it', async () => {
  const stranger = await callApi({ ...plane.api, token: 'nobody' }, 'GET', '/api/v1/namespaces');
  assert.equal(stranger.status, 401);
  const asked = await callApi(plane.api, 'POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  assert.equal(asked.status, 201);
  const { token } = (asked.body as { readonly status: { readonly token: string } }).status;
  const forbidden = await callApi({ ...plane.api, token }, 'GET', '/api/v1/namespaces/default/secrets');
  assert.equal(forbidden.status, 403);
});

test('what an object owned goes with it', async () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  const owner = await callApi(plane.api, 'POST', maps, { metadata: { name: 'owner' } });
  const { uid } = (owner.body as { readonly metadata: { readonly uid: string } }).metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
  await callApi(plane.api, 'POST', maps, { metadata: { name: 'owned', ownerReferences } });
  await callApi(plane.api, 'DELETE', `${maps}/owner`);
  await gone(plane.api, `${maps}/owned`);
});

test('the API server comes back with what it held', async () => {
  await callApi(plane.api, 'POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'kept' } });
  await plane.restartApiServer();
  const kept = await callApi(plane.api, 'GET', '/api/v1/namespaces/default/configmaps/kept');
  assert.equal(kept.status, 200);
});

/** Waits until nothing is there; the test's own time limit ends a wait in vain. */
async function gone(api: ApiServer, path: string): Promise<void> {
  while ((await callApi(api, 'GET', path)).status !== 404) await sleep(100);
}
