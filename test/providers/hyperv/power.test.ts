import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHyperv } from '../../peers/hyperv.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;

const hyperv = await startHyperv();
const connection = await open(hyperv);
const power = connection.power ?? assert.fail();
after(async () => {
  await connection[Symbol.asyncDispose]();
  await hyperv[Symbol.asyncDispose]();
});

test('a guest shuts down by itself and is waited for; then nothing is left to do', async () => {
  const web = await hyperv.add('web', { disks: [MiB], shutdown: 700 });
  assert.equal(await power.state(refOf(web), live()), 'on');
  assert.equal(await power.powerOff(refOf(web), live()), 'guest-shutdown');
  assert.equal(await power.state(refOf(web), live()), 'off');
  assert.equal(await power.powerOff(refOf(web), live()), 'was-off');
  await power.powerOn(refOf(web), live());
  await power.powerOn(refOf(web), live());
  assert.equal(web.state, 'Running');
});

test('what follows when a guest hangs, or cannot be asked, is what the caller wants', async () => {
  const hangs = await hyperv.add('hangs', { disks: [MiB], shutdown: 'never' });
  const deaf = await hyperv.add('deaf', { disks: [MiB], shutdownService: false });
  const fail = { graceSeconds: 1, otherwise: 'fail' } as const;
  const force = { graceSeconds: 1, otherwise: 'force' } as const;
  await assert.rejects(power.powerOff(refOf(hangs), live(), fail), { code: 'guest-shutdown-timeout' });
  await assert.rejects(power.powerOff(refOf(deaf), live(), fail), { code: 'guest-not-reachable' });
  await assert.rejects(power.powerOff(refOf(deaf), live(), { graceSeconds: 0, otherwise: 'fail' }), {
    code: 'guest-not-reachable',
    message: /no time was given/,
  });
  assert.deepEqual([hangs.state, deaf.state], ['Running', 'Running']);
  assert.equal(await power.powerOff(refOf(hangs), live(), force), 'forced');
  assert.equal(await power.powerOff(refOf(deaf), live(), force), 'forced');
  assert.deepEqual([hangs.state, deaf.state], ['Off', 'Off']);
});

test('the memory of a saved or paused VM is given up only when that is wanted', async () => {
  for (const state of ['Saved', 'Paused'] as const) {
    const vm = await hyperv.add(state, { disks: [MiB], state });
    assert.equal(await power.state(refOf(vm), live()), 'suspended');
    await assert.rejects(power.powerOff(refOf(vm), live()), { code: 'guest-not-reachable', message: /memory would be lost/ });
    assert.equal(vm.state, state);
    assert.equal(await power.powerOff(refOf(vm), live(), { graceSeconds: 60, otherwise: 'force' }), 'forced');
    assert.equal(vm.state, 'Off');
  }
});

test('a VM that is gone is not found, and one of another source neither', async () => {
  const gone = await hyperv.add('gone', { disks: [MiB] });
  await hyperv.drop(gone);
  for (const ref of [refOf(gone), { id: 'vm-17', name: 'web' }])
    await assert.rejects(power.state(ref, live()), { code: 'vm-not-found' });
});

test('waiting for a guest ends with the signal', async () => {
  const vm = await hyperv.add('patient', { disks: [MiB], shutdown: 'never' });
  const stop = new AbortController();
  const off = power.powerOff(refOf(vm), stop.signal, { graceSeconds: 600, otherwise: 'force' });
  stop.abort();
  await assert.rejects(off, { name: 'AbortError' });
  assert.equal(vm.state, 'Running');
});
