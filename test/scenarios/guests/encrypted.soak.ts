/** A root file system on LUKS: the converter needs the passphrase once, the guest asks for it at every start, as it did before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runGuest } from '../../peers/guests/run-guest.ts';
import { buildGuest, GUEST_PASSWORD, USUAL_GUEST } from '../../peers/guests.ts';
import { bootOnVirtio, convertGuest, copyGuest, hashesOf, told } from './workbench.ts';

const RECIPE = { ...USUAL_GUEST, on: 'luks' } as const;

test('an encrypted guest is not converted without its key, and not changed', async (t) => {
  const guest = await copyGuest(t, RECIPE, await buildGuest(RECIPE));
  const before = await hashesOf(guest);
  for (const keys of [[], [{ passphrase: 'not the one' }]]) {
    await assert.rejects(convertGuest(guest, { keys }), { code: 'guest-encrypted' });
  }
  assert.deepEqual(await hashesOf(guest), before);
});

test('an encrypted guest is converted with its key, and starts once somebody types it', async (t) => {
  const guest = await copyGuest(t, RECIPE, await buildGuest(RECIPE));
  const result = await convertGuest(guest, { keys: [{ passphrase: 'not the one' }, { passphrase: GUEST_PASSWORD }] });
  t.diagnostic(told(result));
  // The right one is the name of the project, which stands in names of files.
  assert.ok(!JSON.stringify(result).includes('not the one'));
  const proof = await bootOnVirtio(guest, { probes: false });
  assert.equal(proof.trouble?.code, 'passphrase-wanted', proof.console);
  const disks = guest.disks.map((disk) => disk.path);
  const { banners, seconds } = await runGuest(disks, 'virtio', AbortSignal.timeout(900_000));
  t.diagnostic(`asked after ${proof.seconds} s; with the passphrase it was at its addresses after ${Math.round(seconds)} s`);
  for (const banner of banners) assert.match(banner, /^SSH-2\.0-OpenSSH/);
});
