/** The client with servers in bad times, which a healthy API server cannot show. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { type AddressInfo, connect as dial } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openCluster } from '../../../src/kube/index.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { CLOCK, CONFIG_MAP, configMap, open, withFile } from '../cluster.ts';
import { startOddServer } from '../odd-server.ts';

const { signal } = new AbortController();
const REF = { namespace: 'default', name: 'a' };
const OBJECT = JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });

test('a server that is busy is asked again after the time that it wishes', async () => {
  const clock = new VirtualClock();
  let asked = 0;
  await using server = await startOddServer((_request, response) => {
    asked += 1;
    if (asked < 3) response.writeHead(429, { 'retry-after': '7' }).end('{}');
    else response.end(OBJECT);
  });
  using cluster = await open(server.kubeconfig, clock);
  const found = cluster.client.get(CONFIG_MAP, REF, { signal });
  await until(() => clock.sleeping === 1);
  await clock.pass(6999);
  assert.equal(asked, 1);
  await clock.pass(1);
  await until(() => clock.sleeping === 1);
  await clock.pass(7000);
  assert.equal((await found)?.metadata.name, 'a');
});

test('a server that stays busy is no endless matter', async () => {
  let asked = 0;
  await using server = await startOddServer((_request, response) => {
    asked += 1;
    response.writeHead(503, { 'retry-after': '0' }).end('upstream is away');
  });
  using cluster = await open(server.kubeconfig);
  await assert.rejects(cluster.client.get(CONFIG_MAP, REF, { signal }), { code: 'cluster-busy', disposition: 'wait' });
  assert.equal(asked, 6);
});

test('what makes something new is not sent twice when its answer is lost', async () => {
  let asked = 0;
  await using server = await startOddServer((request) => {
    asked += 1;
    request.socket.destroy();
  });
  using cluster = await open(server.kubeconfig);
  await assert.rejects(cluster.client.create(CONFIG_MAP, configMap('a'), { signal }), { code: 'cluster-answer-broken' });
  assert.equal(asked, 1);
});

test('connections are kept', async () => {
  const ports = new Set<number | undefined>();
  await using server = await startOddServer((request, response) => {
    ports.add(request.socket.remotePort);
    response.end(OBJECT);
  });
  using cluster = await open(server.kubeconfig);
  for (let index = 0; index < 5; index += 1) await cluster.client.get(CONFIG_MAP, REF, { signal });
  assert.equal(ports.size, 1);
});

test('a login that the server does not take any more is read again once', async () => {
  const seen: (string | undefined)[] = [];
  await using server = await startOddServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end(OBJECT);
  });
  await withFile(server.kubeconfig, async (file) => {
    using cluster = await openCluster({ kubeconfig: file }, CLOCK);
    await writeFile(file, server.kubeconfig.replace('a-token', 'new'));
    assert.equal((await cluster.client.get(CONFIG_MAP, REF, { signal }))?.metadata.name, 'a');
  });
  assert.deepEqual(seen, ['Bearer a-token', 'Bearer new']);
});

test('a watch of a peer that is gone without a word ends by our own clock', async () => {
  await using server = await startOddServer((_request, response) => {
    response.writeHead(200).write('');
    response.flushHeaders();
  });
  using cluster = await open(server.kubeconfig, CLOCK, { watchGrace: 200 });
  const watching = cluster.client.watch(CONFIG_MAP, { resourceVersion: '1', seconds: 1, signal });
  await assert.rejects(watching.next(), { code: 'cluster-unreachable', message: /silent/ });
});

test('an answer of something else is told as broken', async () => {
  for (const body of ['<html>', '{"items": 3}', '[]', '{"metadata": {}}']) {
    await using server = await startOddServer((_request, response) => response.end(body));
    using cluster = await open(server.kubeconfig);
    await assert.rejects(cluster.client.get(CONFIG_MAP, REF, { signal }), { code: 'cluster-answer-broken' }, body);
  }
});

test('a list whose moment is forgotten goes on with what there is now, unless it must be of one moment', async () => {
  await using server = await startOddServer((request, response) => {
    const token = new URL(request.url ?? '', 'https://x').searchParams.get('continue');
    const page = (name: string, next: string): string =>
      JSON.stringify({ metadata: { resourceVersion: '5', continue: next }, items: [{ metadata: { name } }] });
    if (token === null) response.end(page('first', 'old'));
    else if (token === 'fresh') response.end(page('second', ''));
    else response.writeHead(410).end(JSON.stringify({ kind: 'Status', metadata: { continue: 'fresh' }, reason: 'Expired' }));
  });
  using cluster = await open(server.kubeconfig);
  const loose = await Array.fromAsync(cluster.client.list(CONFIG_MAP, { signal }));
  assert.deepEqual(
    loose.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
    ['first', 'second'],
  );
  const strict = Array.fromAsync(cluster.client.list(CONFIG_MAP, { consistent: true, signal }));
  await assert.rejects(strict, { code: 'cluster-expired' });
});

test('a kubeconfig that does not do is told before anything is asked', async () => {
  const good = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: { token: 'hunter2' } }],
  });
  const wrong: readonly (readonly [content: string, context: string | undefined, message: RegExp])[] = [
    ['clusters: {[', undefined, /cannot be read/],
    [good, undefined, /no current context/],
    [good, 'other', /no context other; it has one/],
    [good.replace('https:', 'http:'), 'one', /not reached by https/],
  ];
  for (const [content, context, message] of wrong) {
    const error: unknown = await withFile(content, (kubeconfig) =>
      openCluster({ kubeconfig, ...(context !== undefined && { context }) }, CLOCK),
    ).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error && 'code' in error && error.code === 'cluster-not-configured', String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /hunter2/);
  }
});

test('a login program that fails is told without what it printed', async () => {
  const config = (command: string, args: readonly string[]): string =>
    JSON.stringify({
      'current-context': 'one',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args } } }],
    });
  using failing = await open(config('sh', ['-c', 'echo hunter2 >&2; exit 1']));
  const error: unknown = await failing.client.read('/version', { signal }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Error && 'code' in error && error.code === 'cluster-login-failed');
  assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2/);
  using missing = await open(config('/nowhere/login', []));
  await assert.rejects(missing.client.read('/version', { signal }), { code: 'cluster-login-failed', message: /ENOENT/ });
});

test('the proxy that the kubeconfig names is used', async () => {
  await using server = await startOddServer((_request, response) => response.end(OBJECT));
  const asked: (string | undefined)[] = [];
  const proxy = createProxy().on('connect', (request, near) => {
    asked.push(request.url);
    const far = dial(Number(request.url?.split(':')[1]), '127.0.0.1', () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
    far.on('error', () => near.destroy()).pipe(near);
    near.on('error', () => far.destroy()).pipe(far);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    const config = JSON.parse(server.kubeconfig);
    config.clusters[0].cluster['proxy-url'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    using cluster = await open(JSON.stringify(config));
    assert.equal((await cluster.client.get(CONFIG_MAP, REF, { signal }))?.metadata.name, 'a');
    assert.deepEqual(asked, [new URL(config.clusters[0].cluster.server).host]);
  } finally {
    proxy.close();
  }
});

test('without any kubeconfig that is what is told', async () => {
  const main = path.join(import.meta.dirname, '../../../src/cli/main.ts');
  const asked = promisify(execFile)(process.execPath, [main, 'facts'], { env: { HOME: '/nowhere' } });
  await assert.rejects(asked, { code: 2, stderr: /There is no kubeconfig, and this is no pod of a cluster/ });
});

test('the composition root does not load the Kubernetes client before a cluster is asked for', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    let loaded = false;
    registerHooks({ resolve(name, context, next) { loaded ||= name.startsWith('@kubernetes/'); return next(name, context); } });
    const { readFacts } = await import('./src/wire.ts');
    const before = loaded;
    await readFacts({ kubeconfig: '/nowhere' }, new AbortController().signal).catch(() => undefined);
    console.log(before, loaded);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(stdout.trim(), 'false true');
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
