/**
 * The control of the real guests: each boots with the controllers of its hypervisor, to its login prompt and with its static address. So a guest that
 * does not boot after its migration has the migration to blame. Minutes without KVM: asked for by KUBEFERRY_GUESTS=1.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { proveBoot } from '../../src/convert/boot/prove.ts';
import { tinyVm } from '../convert/boot/tiny-guest.ts';
import { bootAtSource } from './guests/boot-at-source.ts';
import { buildGuest, GUEST_ADDRESS, type GuestRecipe, USUAL_GUEST } from './guests.ts';

const skip = process.env['KUBEFERRY_GUESTS'] === undefined && 'set KUBEFERRY_GUESTS=1: it takes minutes';
const signal = AbortSignal.timeout(900_000);
const MAC = '00:50:56:ab:cd:01';

// Debian's OVMF has no driver for PVSCSI, so the UEFI guest cannot be tried this way.
for (const recipe of [USUAL_GUEST]) {
  test(`the ${recipe.firmware} guest boots with PVSCSI and VMXNET3, and is at its address`, { skip }, async (t) => {
    const disk = await buildGuest(recipe);
    const { console, banner, seconds } = await bootAtSource({ disk, firmware: recipe.firmware, mac: MAC }, signal);
    t.diagnostic(`login prompt and SSH after ${Math.round(seconds)} s`);
    assert.match(console, /guest login:/);
    assert.match(banner, /^SSH-2\.0-OpenSSH/);
  });
}

async function proveOnVirtio(recipe: GuestRecipe, t: TestContext): Promise<Awaited<ReturnType<typeof proveBoot>>> {
  const workspace = await mkdtemp(path.join(tmpdir(), 'kubeferry-guests-'));
  t.after(() => rm(workspace, { recursive: true, force: true }));
  const proof = await proveBoot(
    {
      vm: tinyVm({ memory: '1Gi', interfaces: [{ name: 'nic', model: 'virtio', macAddress: MAC, bridge: {} }] }),
      disks: [{ claim: 'tiny-disk', path: await buildGuest(recipe) }],
      family: 'linux',
      addresses: [{ mac: MAC, address: `${GUEST_ADDRESS}/24` }],
      probes: [],
      deadlineSeconds: 400,
      limits: { cpus: 2, memoryMiB: 1024 },
      workspace,
      screenshot: path.join(workspace, 'screen.png'),
    },
    signal,
  );
  t.diagnostic(`${JSON.stringify(proof.evidence)} ${proof.trouble?.text ?? ''} after ${proof.seconds} s`);
  return proof;
}

test('unconverted, a guest that knows only its own controllers does not find its root on virtio', { skip }, async (t) => {
  const proof = await proveOnVirtio(USUAL_GUEST, t);
  assert.equal(proof.trouble?.code, 'root-not-found', proof.console);
});

test('unconverted, a guest whose initramfs knows virtio boots on it', { skip }, async (t) => {
  const proof = await proveOnVirtio({ ...USUAL_GUEST, initramfs: 'most' }, t);
  assert.equal(proof.booted, true, proof.console);
});
