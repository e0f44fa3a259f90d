/** Other file systems, and a volume group below them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGuest, type GuestRecipe, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, convertGuest, copyGuest, told } from './workbench.ts';

const RECIPES: readonly GuestRecipe[] = [
  { ...USUAL_GUEST, root: 'xfs', on: 'lvm' },
  { ...USUAL_GUEST, root: 'btrfs', network: 'netplan' },
];

for (const recipe of RECIPES) {
  test(`a guest with ${recipe.root} on a ${recipe.on} and ${recipe.network} boots after its conversion`, async (t) => {
    const guest = await copyGuest(t, recipe, await buildGuest(recipe));
    t.diagnostic(told(await convertGuest(guest)));
    const proof = await bootOnVirtio(guest);
    t.diagnostic(`booted after ${proof.seconds} s`);
    assert.equal(proof.booted, true, `${proof.trouble?.text}\n${proof.console}`);
    assert.deepEqual(proof.addresses, ADDRESSES);
  });
}
