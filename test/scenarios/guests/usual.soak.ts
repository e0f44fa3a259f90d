/**
 * What most people have, converted and seen to boot: a Debian guest of VMware with BIOS, ext4, open-vm-tools, an initramfs that knows PVSCSI and
 * VMXNET3 only, and static addresses on ens192 and ens224. The converter is the real one, and so is the machine that boots the guest.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { ADDRESSES, bootOnVirtio, convertGuest, copyGuest, told } from './workbench.ts';

test('the usual guest boots on virtio after its conversion, and every card has its name and its address', async (t) => {
  const guest = await copyGuest(t, USUAL_GUEST, await buildGuest(USUAL_GUEST));
  const result = await convertGuest(guest);
  t.diagnostic(told(result));
  assert.match(result.guest ?? '', /^Debian GNU\/Linux 12/);
  assert.deepEqual(
    result.warnings.filter((text) => /\bNICs?\b|\bens\d|address/.test(text)),
    [],
  );
  assert.deepEqual(
    result.changes.flatMap(({ subject, file }) => (subject === 'network' && file !== undefined ? [file] : [])),
    ['/etc/systemd/network/10-kubeferry-ens192.link', '/etc/systemd/network/10-kubeferry-ens224.link'],
  );
  const proof = await bootOnVirtio(guest);
  t.diagnostic(`booted after ${proof.seconds} s: ${proof.evidence.map(({ text }) => text).join('; ')}`);
  assert.equal(proof.booted, true, `${proof.trouble?.text}\n${proof.console}`);
  assert.equal(
    proof.evidence.filter(({ kind }) => kind === 'probe').length,
    Object.keys(ADDRESSES).length,
    'SSH answers at each address',
  );
  assert.deepEqual(proof.addresses, ADDRESSES);
});
