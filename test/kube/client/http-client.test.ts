/** The client on a real API server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeClient, KubeObject, WatchEvent } from '../../../src/kube/client/kube-client.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../peers/control-plane.ts';
import { callApi } from '../../peers/kubernetes-api.ts';
import { CONFIG_MAP, configMap, NAMESPACE, open, SECRET } from '../cluster.ts';

const { signal } = new AbortController();
const inDefault = (name: string) => ({ namespace: 'default', name });

let plane: ControlPlane;
let cluster: Cluster;
let client: KubeClient;
before(async () => {
  plane = await startControlPlane({ own: true });
  cluster = await open(plane.kubeconfig());
  client = cluster.client;
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await plane[Symbol.asyncDispose]();
});

test('an object that is not there is undefined, and one that is there is as the server has it', async () => {
  assert.equal(await client.get(CONFIG_MAP, inDefault('nobody'), { signal }), undefined);
  await client.create(CONFIG_MAP, configMap('there', { a: '1' }), { signal });
  const found = await client.get(CONFIG_MAP, inDefault('there'), { signal });
  assert.equal(found?.kind, 'ConfigMap');
  assert.deepEqual(found?.['data'], { a: '1' });
  assert.notEqual(found?.metadata.uid, undefined);
});

test('what is there already, a namespace that is not, an unknown field and an unknown kind are told apart', async () => {
  await client.create(CONFIG_MAP, configMap('twice'), { signal });
  await assert.rejects(client.create(CONFIG_MAP, configMap('twice'), { signal }), { code: 'cluster-object-exists' });
  await assert.rejects(client.create(CONFIG_MAP, configMap('x', {}, 'nowhere'), { signal }), {
    code: 'cluster-namespace-missing',
  });
  await assert.rejects(client.create(CONFIG_MAP, { ...configMap('x'), dta: {} }, { signal }), {
    code: 'cluster-refused',
    message: /create configmaps default\/x.*unknown field "dta"/,
  });
  const type = { group: 'kubevirt.io', version: 'v1', kind: 'VirtualMachine', plural: 'virtualmachines' };
  await assert.rejects(client.get(type, inDefault('x'), { signal }), {
    code: 'cluster-kind-missing',
    message: /no virtualmachines\.kubevirt\.io/,
  });
});

test('a list comes in pages, each of its own size, all of one moment', async () => {
  for (let index = 0; index < 7; index += 1) {
    await client.create(
      CONFIG_MAP,
      { ...configMap(`page-${index}`), metadata: { ...inDefault(`page-${index}`), labels: { paged: 'yes' } } },
      { signal },
    );
  }
  const pages = await Array.fromAsync(
    client.list(CONFIG_MAP, { namespace: 'default', labels: 'paged=yes', pageSize: 3, signal }),
  );
  assert.deepEqual(
    pages.map(({ items }) => items.map(({ metadata }) => metadata.name)),
    [['page-0', 'page-1', 'page-2'], ['page-3', 'page-4', 'page-5'], ['page-6']],
  );
  assert.equal(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size, 1);
});

test('a list of metadata leaves out everything else', async () => {
  await client.create(CONFIG_MAP, configMap('heavy', { load: 'x'.repeat(1000) }), { signal });
  for await (const { items } of client.list(CONFIG_MAP, { namespace: 'default', metadataOnly: true, signal })) {
    for (const item of items) assert.equal(item['data'], undefined);
    assert.ok(items.some(({ metadata }) => metadata.name === 'heavy'));
  }
});

test('an apply sets what it says, drops what it said before, and takes nothing from others unless told to', async () => {
  await client.apply(CONFIG_MAP, configMap('applied', { ours: '1', dropped: '1' }), { signal });
  const path = '/api/v1/namespaces/default/configmaps/applied';
  await callApi(plane.api, 'PATCH', `${path}?fieldManager=other`, { data: { theirs: '1' } });
  const again = await client.apply(CONFIG_MAP, configMap('applied', { ours: '2' }), { signal });
  assert.deepEqual(again['data'], { ours: '2', theirs: '1' });
  await assert.rejects(client.apply(CONFIG_MAP, configMap('applied', { ours: '2', theirs: '2' }), { signal }), {
    code: 'cluster-field-conflict',
    message: /\.data\.theirs/,
  });
  const forced = await client.apply(CONFIG_MAP, configMap('applied', { ours: '2', theirs: '2' }), { signal, force: true });
  assert.deepEqual(forced['data'], { ours: '2', theirs: '2' });
});

test('a status is applied by itself', async () => {
  const name = { metadata: { name: 'with-status' } };
  await client.apply(NAMESPACE, name, { signal });
  const condition = {
    type: 'Tested',
    status: 'True',
    reason: 'Test',
    message: 'It was.',
    lastTransitionTime: '2030-01-01T00:00:00Z',
  };
  const object = { ...name, status: { conditions: [condition] } };
  await client.apply(NAMESPACE, object, { signal, subresource: 'status', force: true });
  const found = await client.get(NAMESPACE, { name: 'with-status' }, { signal });
  assert.partialDeepStrictEqual(found, { status: { conditions: [condition] } });
});

test('a patch of a state that is gone is a conflict, and both kinds of patch work', async () => {
  const made = await client.create(CONFIG_MAP, configMap('patched', { a: '1' }), { signal });
  const { resourceVersion } = made.metadata;
  const merged = await client.patch(
    CONFIG_MAP,
    inDefault('patched'),
    { metadata: { resourceVersion }, data: { a: '2' } },
    { signal },
  );
  assert.deepEqual(merged['data'], { a: '2' });
  const stale = client.patch(CONFIG_MAP, inDefault('patched'), { metadata: { resourceVersion }, data: { a: '3' } }, { signal });
  await assert.rejects(stale, { code: 'cluster-conflict', disposition: 'retry' });
  const replaced = await client.patch(CONFIG_MAP, inDefault('patched'), [{ op: 'replace', path: '/data/a', value: '4' }], {
    signal,
  });
  assert.deepEqual(replaced['data'], { a: '4' });
  await assert.rejects(client.patch(CONFIG_MAP, inDefault('nobody'), { data: {} }, { signal }), {
    code: 'cluster-object-missing',
  });
});

test('only the very object that was meant is deleted', async () => {
  const { metadata } = await client.create(CONFIG_MAP, configMap('deleted'), { signal });
  await assert.rejects(client.delete(CONFIG_MAP, inDefault('deleted'), { uid: 'another', signal }), { code: 'cluster-conflict' });
  assert.equal(
    await client.delete(CONFIG_MAP, inDefault('deleted'), { ...(metadata.uid && { uid: metadata.uid }), signal }),
    true,
  );
  assert.equal(await client.delete(CONFIG_MAP, inDefault('deleted'), { signal }), false);
});

test('a watch tells what happens from a moment on and ends in good order', async () => {
  const [page] = await Array.fromAsync(client.list(CONFIG_MAP, { namespace: 'default', signal }));
  const resourceVersion = page?.resourceVersion ?? '';
  const seen: WatchEvent[] = [];
  const watching = (async () => {
    for await (const event of client.watch(CONFIG_MAP, { namespace: 'default', resourceVersion, seconds: 2, signal }))
      seen.push(event);
  })();
  await client.create(CONFIG_MAP, configMap('watched', { a: '1' }), { signal });
  await client.patch(CONFIG_MAP, inDefault('watched'), { data: { a: '2' } }, { signal });
  await client.delete(CONFIG_MAP, inDefault('watched'), { signal });
  await watching;
  const told = seen.filter(({ object }) => object.metadata.name === 'watched').map(({ type }) => type);
  assert.deepEqual(told, ['added', 'modified', 'deleted']);
});

test('a watch ends with the reason of its signal', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const watching = Array.fromAsync(client.watch(CONFIG_MAP, { resourceVersion: '', seconds: 30, signal: abort.signal }));
  setImmediate(() => abort.abort(reason));
  await assert.rejects(watching, reason);
});

test('what a login may not do is named by verb and resource; a login that is unknown is told as such', async () => {
  const asked = await callApi(plane.api, 'POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} });
  const { token } = (asked.body as { readonly status: { readonly token: string } }).status;
  using restricted = await open(plane.kubeconfig(token));
  await assert.rejects(restricted.client.list(SECRET, { namespace: 'default', signal }).next(), {
    code: 'cluster-forbidden',
    message: /list secrets/,
    hint: /Grant list on secrets/,
  });
  using stranger = await open(plane.kubeconfig('nobody'));
  await assert.rejects(stranger.client.read('/api/v1/namespaces', { signal }), { code: 'cluster-login-failed' });
});

test('a quota that is used up is told as such, in the server’s words', async () => {
  const quotas = { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas' };
  await client.create(NAMESPACE, { metadata: { name: 'narrow' } }, { signal });
  const quota: KubeObject = { metadata: { name: 'none', namespace: 'narrow' }, spec: { hard: { configmaps: '0' } } };
  await client.create(quotas, quota, { signal });
  // The controller writes the status that admission judges by.
  for (;;) {
    const found = await client.get(quotas, { namespace: 'narrow', name: 'none' }, { signal });
    if ((found?.['status'] as { readonly hard?: unknown } | undefined)?.hard !== undefined) break;
  }
  await assert.rejects(client.create(CONFIG_MAP, configMap('more', {}, 'narrow'), { signal }), {
    code: 'quota-exceeded',
    disposition: 'wait',
    message: /exceeded quota: none/,
  });
});

test('what is in a Secret is in no message', async () => {
  const secret = {
    metadata: inDefault('bad'),
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': 'hunter2' },
  };
  const error: unknown = await client.create(SECRET, secret, { signal }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Error && 'code' in error && error.code === 'cluster-refused');
  assert.match(error.message, /data\[\.dockerconfigjson\]/);
  assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2/);
});

test('calls wait for an API server that restarts, and a watch from before is told that its moment is forgotten', async () => {
  const restarted = plane.restartApiServer();
  const seen = await client.get(CONFIG_MAP, inDefault('there'), { signal });
  assert.deepEqual(seen?.['data'], { a: '1' });
  await restarted;
  const watching = Array.fromAsync(client.watch(CONFIG_MAP, { resourceVersion: '1', seconds: 5, signal }));
  await assert.rejects(watching, { code: 'cluster-expired' });
});
