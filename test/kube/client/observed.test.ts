import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { ClusterCall } from '../../../src/contracts/cluster-observer.ts';
import { withObserver } from '../../../src/kube/client/observed.ts';
import type { ApiRequest } from '../../../src/kube/client/transport.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

type Send = (request: ApiRequest) => Promise<Pick<IncomingMessage, 'statusCode'>>;

function observed(answer: Send) {
  const calls: ClusterCall[] = [];
  const clock = new VirtualClock();
  const inner = { host: 'cluster', send: answer as (request: ApiRequest) => Promise<IncomingMessage>, close: () => {} };
  const transport = withObserver(inner, { clock, observer: { answered: (call) => calls.push(call) } });
  const ask = async (request: Partial<ApiRequest>): Promise<unknown> =>
    await transport.send({ method: 'GET', path: '/api', silence: 1000, signal: new AbortController().signal, ...request });
  return { calls, clock, ask };
}

test('requests are told by the verbs of Kubernetes', async () => {
  const { calls, ask } = observed(() => Promise.resolve({ statusCode: 200 }));
  await ask({ path: '/api/v1/pods?limit=500' });
  await ask({ path: '/api/v1/pods/limit' });
  await ask({ path: '/api/v1/pods?watch=true', watch: true });
  for (const method of ['POST', 'PATCH', 'DELETE'] as const) await ask({ method });
  assert.deepEqual(
    calls.map(({ verb }) => verb),
    ['list', 'get', 'watch', 'create', 'patch', 'delete'],
  );
});

test('an answer is told with its status and its time, whatever it says', async () => {
  const { calls, clock, ask } = observed(async () => {
    await clock.pass(250);
    return { statusCode: 409 };
  });
  await ask({ method: 'PATCH' });
  assert.deepEqual(calls, [{ verb: 'patch', status: 409, seconds: 0.25 }]);
});

test('no answer is told as such, unless it is no longer wanted', async () => {
  const { calls, ask } = observed(() => Promise.reject(new Error('gone')));
  await assert.rejects(ask({}), /gone/);
  assert.deepEqual(calls, [{ verb: 'get', status: undefined, seconds: 0 }]);
  await assert.rejects(ask({ signal: AbortSignal.abort() }), /gone/);
  assert.equal(calls.length, 1);
});
