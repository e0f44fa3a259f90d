/** A root file system on LUKS: the converter needs the passphrase once; the guest asks for it at every start, as it did before, and the proof gives it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGuest, GUEST_PASSWORD, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, convertGuest, copyGuest, hashesOf, told, WRITTEN_DOWN } from './workbench.ts';

const RECIPE = { ...USUAL_GUEST, on: 'luks' } as const;

test('an encrypted guest is not converted without its key, and not changed', async (t) => {
  const guest = await copyGuest(t, RECIPE, await buildGuest(RECIPE));
  const before = await hashesOf(guest);
  for (const keys of [[], [{ passphrase: 'not the one' }]]) {
    await assert.rejects(convertGuest(guest, { keys }), { code: 'guest-encrypted' });
  }
  assert.deepEqual(await hashesOf(guest), before);
});

test('an encrypted guest is converted with its key, and comes up once the proof types it', async (t) => {
  const guest = await copyGuest(t, RECIPE, await buildGuest(RECIPE));
  const result = await convertGuest(guest, { keys: [{ passphrase: 'not the one' }, { passphrase: GUEST_PASSWORD }] });
  t.diagnostic(told(result));
  // The right one is the name of the project, which stands in names of files.
  assert.ok(!JSON.stringify(result).includes('not the one'));
  assert.deepEqual(result.configured, WRITTEN_DOWN);
  const closed = await bootOnVirtio(guest, { probes: false });
  assert.equal(closed.trouble?.code, 'passphrase-wanted', closed.console);
  const proof = await bootOnVirtio(guest, { keys: [{ passphrase: 'not the one' }, { passphrase: GUEST_PASSWORD }] });
  assert.equal(proof.booted, true, JSON.stringify(proof));
  assert.deepEqual(proof.addresses, ADDRESSES);
  t.diagnostic(
    `asked after ${closed.seconds} s; with its passphrase it was at its addresses after ${Math.round(proof.seconds)} s`,
  );
  assert.match(proof.differences.join(' '), /passphrase of root_crypt and was given it here/);
  for (const text of [proof.console, ...proof.evidence.map((each) => each.text), ...proof.differences]) {
    assert.ok(!text.includes(GUEST_PASSWORD) && !text.includes('not the one'), text);
  }
});
