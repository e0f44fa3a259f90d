/** A conversion that is killed where it hurts most, and repeated. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, type CopiedGuest, convertGuest, copyGuest, hashesOf, told } from './workbench.ts';

test('killed while virt-v2v writes, and while its changes reach the disk, a conversion is repeated and the guest boots', async (t) => {
  const guest = await copyGuest(t, USUAL_GUEST, await buildGuest(USUAL_GUEST));
  const before = await hashesOf(guest);
  await killedWhen(guest, () => overlayHolds(guest, 8_388_608));
  assert.deepEqual(await hashesOf(guest), before, 'the copied disk is as it was');
  const said = await killedWhen(guest, (text) => /^commit: /m.test(text));
  assert.match(said, /^convert: /m, 'the second try began anew');
  const began = performance.now();
  const result = await convertGuest(guest);
  assert.ok(performance.now() - began < 60_000, 'the third try had only to write what the second one had made');
  t.diagnostic(told(result));
  const proof = await bootOnVirtio(guest);
  assert.equal(proof.booted, true, `${proof.trouble?.text}\n${proof.console}`);
  assert.deepEqual(proof.addresses, ADDRESSES);
});

/** Runs the conversion in a process of its own until `due`, then kills that: the programs that it started end with it. */
async function killedWhen(guest: CopiedGuest, due: (said: string) => boolean | Promise<boolean>): Promise<string> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'converting.ts'), JSON.stringify(guest)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!(await due(said))) {
    assert.equal(child.exitCode, null, `it ended by itself after: ${said}`);
    await pause(20);
  }
  child.kill('SIGKILL');
  await exited;
  return said;
}

async function overlayHolds({ workspace }: CopiedGuest, bytes: number): Promise<boolean> {
  const overlay = await stat(path.join(workspace, 'overlay-0.qcow2')).catch(() => undefined);
  return (overlay?.size ?? 0) > bytes;
}
