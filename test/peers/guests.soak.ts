/**
 * The control of the real guests: they boot with the controllers of their hypervisor, to the login prompt and with their static addresses, and do not
 * boot on others. So a guest that does not boot after its migration has the migration to blame. Minutes without KVM.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootOnVirtio, copyGuest } from '../scenarios/guests/workbench.ts';
import { runGuest } from './guests/run-guest.ts';
import { buildGuest, GUEST_CARDS, type GuestRecipe, USUAL_GUEST } from './guests.ts';

// Debian's OVMF has no driver for PVSCSI, so a UEFI guest cannot be tried this way.
for (const recipe of [USUAL_GUEST, { ...USUAL_GUEST, dataFirst: true }]) {
  test(`at the source, a guest with its system on disk ${recipe.dataFirst ? 2 : 1} boots and is at its addresses`, async (t) => {
    const { console, banners, seconds } = await runGuest(await buildGuest(recipe), 'vmware', AbortSignal.timeout(900_000));
    t.diagnostic(`login prompt and SSH after ${Math.round(seconds)} s`);
    assert.match(console, /guest login:/);
    assert.equal(banners.length, GUEST_CARDS.length);
    for (const banner of banners) assert.match(banner, /^SSH-2\.0-OpenSSH/);
  });
}

const UNCONVERTED: readonly { readonly name: string; readonly recipe: GuestRecipe; readonly trouble: string | undefined }[] = [
  { name: 'a guest that knows only its own controllers does not find its root', recipe: USUAL_GUEST, trouble: 'root-not-found' },
  {
    name: "firmware without boot entries does not find a loader in Debian's place",
    recipe: { ...USUAL_GUEST, firmware: 'uefi' },
    trouble: 'no-boot-device',
  },
  { name: 'a guest whose initramfs knows virtio boots', recipe: { ...USUAL_GUEST, initramfs: 'most' }, trouble: undefined },
];

for (const { name, recipe, trouble } of UNCONVERTED) {
  test(`unconverted on virtio, ${name}`, async (t) => {
    const proof = await bootOnVirtio(await copyGuest(t, recipe, await buildGuest(recipe)), { probes: false });
    t.diagnostic(`${JSON.stringify(proof.evidence)} ${proof.trouble?.text ?? ''} after ${proof.seconds} s`);
    assert.equal(proof.trouble?.code, trouble, proof.console);
  });
}
