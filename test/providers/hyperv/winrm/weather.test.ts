/** Our client at the simulated host in bad weather: what heals is not noticed, what does not is told by the right code. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openWinrm } from '../../../../providers/hyperv/winrm/index.ts';
import { type Hyperv, startHyperv } from '../../../peers/hyperv.ts';

const signal = AbortSignal.timeout(60_000);
let hyperv: Hyperv;

before(async () => {
  hyperv = await startHyperv({ vms: { web: { disks: [1024 * 1024] }, база: { disks: [1024 * 1024] } } });
});
after(async () => await hyperv[Symbol.asyncDispose]());
beforeEach(() => hyperv.clear());

async function open(tls: boolean) {
  const { host, port, securePort, username: user, password, certificate } = hyperv;
  const trust = tls ? { ca: certificate.certificate } : {};
  return await openWinrm(
    { host, port: tls ? securePort : port, tls },
    { credentials: async () => ({ user, password }), trust },
    signal,
  );
}

for (const tls of [false, true]) {
  const way = tls ? 'HTTPS' : 'HTTP with seals';

  test(`what heals by itself is not noticed over ${way}`, async () => {
    await using remote = await open(tls);
    for (const kind of ['operation-timeout', 'split-output', 'unauthorized', 'noise', 'localized'] as const) {
      hyperv.weather(kind);
      const { vms } = await remote.run('vms', {}, signal);
      assert.deepEqual(vms.map(({ name }) => name).sort(), ['web', 'база'], kind);
    }
  });

  for (const [kind, code] of [
    ['unavailable', 'source-busy'],
    ['truncated', 'source-answer-broken'],
    ['cut-before', 'source-answer-broken'],
    ['cut-after', 'source-answer-broken'],
  ] as const) {
    test(`"${kind}" over ${way} is told as ${code}, and the next call works`, async () => {
      await using remote = await open(tls);
      hyperv.weather(kind);
      await assert.rejects(remote.run('host', {}, signal), { code });
      assert.equal((await remote.run('host', {}, signal)).name, 'HV1');
    });
  }
}

test('a shell that is gone is made anew, and so is everything after a restart of the service', async () => {
  await using remote = await open(false);
  const opened = hyperv.ledger.shellsOpened;
  hyperv.weather('shell-gone');
  assert.equal((await remote.run('host', {}, signal)).name, 'HV1');
  await hyperv.outage();
  // That the connections are cut has to be heard first; a request that is on its way meanwhile is told as a trouble.
  await setImmediate();
  const names = await Promise.all([1, 2, 3].map(async () => (await remote.run('host', {}, signal)).name));
  assert.deepEqual(names, ['HV1', 'HV1', 'HV1']);
  assert.equal(hyperv.ledger.shellsOpened, opened + 2, 'those who find it gone together make one');
});

test('a shell that ends under a script is told as something to try again', async () => {
  await using remote = await open(true);
  // It goes at the first call, and the next one goes too.
  hyperv.weather('shell-gone', 2);
  await assert.rejects(remote.run('host', {}, signal), { code: 'source-answer-broken', disposition: 'retry' });
  assert.equal((await remote.run('host', {}, signal)).name, 'HV1');
});

test('a host with too many shells is busy, in whatever language it says so', async () => {
  for (const language of ['english', 'localized'] as const) {
    if (language === 'localized') hyperv.weather('localized');
    hyperv.weather('quota');
    await assert.rejects(open(false), { code: 'source-busy', disposition: 'wait' });
  }
});

test('more scripts than may run at once wait for their turn, over no more connections than run', async () => {
  await using remote = await open(false);
  const before = hyperv.ledger.connections;
  await Promise.all(Array.from({ length: 20 }, () => remote.run('host', {}, signal)));
  assert.ok(hyperv.ledger.connections - before <= 4, `${hyperv.ledger.connections - before} connections`);
});

test('no shell is left on the host', async () => {
  {
    await using remote = await open(true);
    await remote.run('host', {}, signal);
  }
  assert.equal(hyperv.ledger.openShells, 0);
});

test('a shell whose process was killed does not keep others out for long', async () => {
  let now = Date.now();
  await using full = await startHyperv({ quotas: { shells: 1, now: () => now } });
  const { host, port, username: user, password } = full;
  const enter = async () =>
    await openWinrm({ host, port, tls: false }, { credentials: async () => ({ user, password }) }, signal);
  await using killed = await enter();
  await killed.run('host', {}, signal);
  await assert.rejects(
    enter().then(async (next) => await next.run('host', {}, signal)),
    { code: 'source-busy' },
  );
  now += 20 * 60_000;
  await using later = await enter();
  assert.equal((await later.run('host', {}, signal)).name, 'HV1');
});
