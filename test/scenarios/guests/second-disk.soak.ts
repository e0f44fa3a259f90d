/** Two disks with the system on the second: the converter has to find it there, and disks that the guest names by their devices have other names now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, convertGuest, copyGuest, told } from './workbench.ts';

test('a guest with its system on the second disk finds both of them after its conversion', async (t) => {
  const recipe = { ...USUAL_GUEST, dataFirst: true };
  const guest = await copyGuest(t, recipe, await buildGuest(recipe));
  const result = await convertGuest(guest);
  t.diagnostic(told(result));
  assert.ok(result.disks[1]?.changed.length, 'the second disk is the one that was converted');
  // /dev/sda1 has to be there for the guest to come up; here it is /dev/vda1.
  const proof = await bootOnVirtio(guest);
  t.diagnostic(`booted after ${proof.seconds} s`);
  assert.equal(proof.booted, true, `${proof.trouble?.text}\n${proof.console}`);
  assert.deepEqual(proof.addresses, ADDRESSES);
});
