/** A UEFI guest as Debian's installer leaves it: its loader is found by a boot entry only, and boot entries do not come along. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, convertGuest, copyGuest, told } from './workbench.ts';

test('a UEFI guest without a fallback loader starts by new firmware variables after its conversion, under secure boot too', async (t) => {
  const recipe = { ...USUAL_GUEST, firmware: 'uefi' } as const;
  const guest = await copyGuest(t, recipe, await buildGuest(recipe));
  const result = await convertGuest(guest);
  t.diagnostic(told(result));
  for (const secureBoot of [false, true]) {
    const proof = await bootOnVirtio(guest, { secureBoot });
    t.diagnostic(`booted after ${proof.seconds} s, secure boot ${secureBoot ? 'on' : 'off'}`);
    assert.equal(proof.booted, true, `${proof.trouble?.text}\n${proof.console}`);
    assert.deepEqual(proof.addresses, ADDRESSES);
  }
});
