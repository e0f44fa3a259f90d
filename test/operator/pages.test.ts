import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Health } from '../../src/operator/health.ts';
import { healthPages, metricsPages, servePages } from '../../src/operator/pages.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const MINUTE = 60_000;

test('an operator that stands by is alive and ready', () => {
  const health = new Health(new VirtualClock());
  assert.deepEqual(health.ailments(), []);
  assert.deepEqual(health.obstacles(), []);
});

test('a leader is ready once it has read all resources', () => {
  const health = new Health(new VirtualClock());
  health.leads();
  assert.equal(health.obstacles().length, 1);
  health.synced();
  assert.deepEqual(health.obstacles(), []);
});

test('a kind that nobody follows any more is a reason to begin anew', async () => {
  const clock = new VirtualClock();
  const health = new Health(clock);
  for (const kind of ['Provider', 'VmMigration']) health.followed(kind);
  await clock.pass(4 * MINUTE);
  health.followed('Provider');
  assert.deepEqual(health.ailments(), []);
  await clock.pass(2 * MINUTE);
  assert.deepEqual(health.ailments(), ['VmMigration has not been followed for 360 s']);
  health.followed('VmMigration');
  assert.deepEqual(health.ailments(), []);
});

test('probes are answered by their status, and figures by their type', async () => {
  const clock = new VirtualClock();
  const health = new Health(clock);
  const figures = metricsPages({ contentType: 'text/plain; version=0.0.4', render: () => Promise.resolve('up 1\n') });
  await using server = await servePages('127.0.0.1:0', { ...healthPages(health), ...figures });
  const get = async (path: string, method = 'GET') => await fetch(`http://${server.address}${path}`, { method });
  assert.equal((await get('/readyz')).status, 200);
  health.leads();
  const reading = await get('/readyz?verbose');
  assert.equal(reading.status, 503);
  assert.match(await reading.text(), /has not read/);
  assert.equal((await get('/healthz')).status, 200);
  const metrics = await get('/metrics');
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4');
  assert.equal(await metrics.text(), 'up 1\n');
  assert.equal((await get('/metrics', 'POST')).status, 405);
  assert.equal((await get('/')).status, 404);
  assert.equal((await get('/constructor')).status, 404);
});

test('a page that cannot be made is told as such', async () => {
  const broken = () => Promise.reject(new Error('out of figures'));
  await using server = await servePages('127.0.0.1:0', { '/metrics': broken });
  const answer = await fetch(`http://${server.address}/metrics`);
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /out of figures/);
});

test('addresses that are none, or taken, are refused with their name', async () => {
  for (const address of ['8080', 'localhost', ':99999', '[::1', ':']) {
    await assert.rejects(servePages(address, {}), {
      code: 'config-invalid',
      message: new RegExp(address.replaceAll('[', '\\[')),
    });
  }
  await using server = await servePages('127.0.0.1:0', {});
  await assert.rejects(servePages(server.address, {}), { code: 'config-invalid', message: /EADDRINUSE/ });
});
