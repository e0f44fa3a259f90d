import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from '../../src/kube/runtime/work-queue.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { Admission } from '../../src/operator/admission.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

function measured() {
  const clock = new VirtualClock(1_000_000);
  const metrics = createMetrics({ clock, version: '1.2.3' });
  const value = async (series: string): Promise<number> => {
    const line = (await metrics.render()).split('\n').find((text) => text.startsWith(`kubeferry_${series} `));
    return Number(line?.split(' ').at(-1));
  };
  return { clock, metrics, value };
}

test('keys of a controller are measured from when they are due until they are looked at', async () => {
  const { clock, metrics, value } = measured();
  const work = metrics.work('vms', new WorkQueue({ clock, random: () => 1, backOff: { first: 4000, longest: 8000 } }));
  const open: PromiseWithResolvers<undefined>[] = [];
  const stop = new AbortController();
  const look = (): Promise<undefined> => {
    const next = Promise.withResolvers<undefined>();
    open.push(next);
    return next.promise;
  };
  const ended = work.run({ work: look, workers: 1, grace: 0, signal: stop.signal });
  for (const key of ['a', 'b', 'b']) work.add(key);
  work.addAfter('c', 10_000);
  await settle();
  assert.equal(await value('work_depth{controller="vms"}'), 1, 'b waits for the only worker, and c is not due');
  await clock.pass(3000);
  assert.equal(await value('work_longest_running_seconds{controller="vms"}'), 3);
  open[0]?.resolve(undefined);
  await settle();
  assert.equal(await value('work_duration_seconds_sum{controller="vms"}'), 3);
  assert.equal(await value('work_wait_seconds_sum{controller="vms"}'), 3, 'a did not wait, b did for three seconds');
  open[1]?.reject(new Error('the first look at b fails'));
  await settle();
  assert.equal(await value('work_retries_total{controller="vms"}'), 1);
  assert.equal(await value('errors_total{where="controller",code="bug"}'), 1);
  assert.equal(await value('work_depth{controller="vms"}'), 0, 'b comes back later');
  await clock.pass(4000);
  assert.equal(await value('work_wait_seconds_count{controller="vms"}'), 3);
  assert.equal(await value('work_wait_seconds_sum{controller="vms"}'), 3, 'b is looked at again as soon as it is due');
  stop.abort();
  open[2]?.resolve(undefined);
  await clock.pass(1);
  await ended;
});

test('what limits hold back is measured until they let it in, by the last limit that had no room', async () => {
  const { clock, metrics, value } = measured();
  const admission = new Admission(metrics.admissions);
  const use = (name: string, limit: number) => ({ name, label: name, things: 'transfers' as const, limit });
  const ask = (id: string, uses: readonly ReturnType<typeof use>[]): void =>
    admission.ask({ id, what: 'transfer', plan: 'first', priority: 0, uses, begin: () => {}, wait: () => {} });
  ask('a', [use('host esx-1', 1)]);
  ask('b', [use('host esx-1', 1)]);
  ask('c', [use('storage nfs', 1)]);
  ask('d', [use('storage nfs', 1), use('host esx-1', 1)]);
  assert.equal(await value('queue_running{queue="transfers"}'), 2);
  assert.equal(await value('queue_waiting{queue="transfers",limit="none"}'), 0);
  assert.equal(await value('queue_wait_seconds_count{queue="transfers",limit="none"}'), 2);
  await clock.pass(5000);
  assert.equal(await value('queue_oldest_wait_seconds{queue="transfers"}'), 5);
  admission.withdraw('d');
  assert.equal(await value('queue_waiting{queue="transfers",limit="host"}'), 1, 'b, as d no longer wants');
  admission.leave('a');
  assert.equal(await value('queue_wait_seconds_sum{queue="transfers",limit="host"}'), 5);
  for (const id of ['b', 'c']) admission.leave(id);
  assert.equal(await value('queue_running{queue="transfers"}'), 0);
  assert.equal(await value('queue_oldest_wait_seconds{queue="transfers"}'), 0);
  assert.equal(await value('queue_running{queue="vms"}'), 0, 'VMs have a queue of their own');
});
