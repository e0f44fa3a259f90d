import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapSmall } from './map-small.ts';

test('BIOS is written out, so that no preference can put UEFI in its place', () => {
  assert.deepEqual(mapSmall({ firmware: { kind: 'bios' } }).domain.firmware.bootloader, { bios: {} });
});

test('UEFI says whether secure boot is on, and keeps its variables', () => {
  assert.deepEqual(mapSmall({ firmware: { kind: 'uefi' } }).domain.firmware.bootloader, {
    efi: { secureBoot: false, persistent: true },
  });
  const secure = mapSmall({ firmware: { kind: 'uefi', secureBoot: true } }).domain;
  assert.deepEqual(secure.firmware.bootloader, { efi: { secureBoot: true, persistent: true } });
  assert.deepEqual(secure.features.smm, { enabled: true });
});

test('unknown firmware is UEFI where secure boot or the guest system needs it, BIOS otherwise', () => {
  assert.ok('efi' in mapSmall({ firmware: { secureBoot: true } }).domain.firmware.bootloader);
  assert.ok('efi' in mapSmall({ guest: { osId: 'windows11_64Guest' } }).domain.firmware.bootloader);
  assert.ok('bios' in mapSmall({}).domain.firmware.bootloader);
});

test('an option goes before the source, and secure boot falls with UEFI', () => {
  const { domain, decisionOn } = mapSmall(
    { firmware: { kind: 'uefi', secureBoot: true } },
    { options: { devices: 'virtio', firmware: 'bios' } },
  );
  assert.deepEqual(domain.firmware.bootloader, { bios: {} });
  assert.equal(domain.features.smm, undefined);
  assert.equal(decisionOn('firmware.secureBoot').outcome, 'dropped');
});

test('a TPM becomes a new persistent one', () => {
  assert.deepEqual(mapSmall({ firmware: { tpm: true } }).domain.devices.tpm, { persistent: true });
  assert.equal(mapSmall({ firmware: { tpm: false } }).domain.devices.tpm, undefined);
});

test('a TPM is switched off where the preference would add one', () => {
  const facts = { preferences: ['windows.2k22.virtio', 'windows.2k19.virtio'] };
  const later = mapSmall({ guest: { osId: 'windows2019srvNext-64' } }, { facts });
  assert.equal(later.machine.spec.preference?.name, 'windows.2k22.virtio');
  assert.deepEqual(later.domain.devices.tpm, { enabled: false });
  assert.equal(mapSmall({ guest: { osId: 'windows2019srv-64' } }, { facts }).domain.devices.tpm, undefined);
});

test('a preference is named only when the cluster is known to have it', () => {
  assert.equal(mapSmall({ guest: { osId: 'rhel9-64' } }).machine.spec.preference, undefined);
  assert.equal(
    mapSmall({ guest: { osId: 'rhel9-64' } }, { facts: { preferences: ['rhel.8'] } }).machine.spec.preference,
    undefined,
  );
});

test('serial and asset tag keep what can be printed', () => {
  const { domain, decisionOn } = mapSmall({ identity: { serial: ' VMware-56 4d\u0000 ', assetTag: '\u0001' } });
  assert.equal(domain.firmware.serial, 'VMware-56 4d');
  assert.equal(domain.chassis, undefined);
  assert.equal(decisionOn('identity.assetTag').outcome, 'dropped');
});
