import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceUrl } from '../../../providers/vsphere/lease-urls.ts';
import { members, type VimNode } from '../../../providers/vsphere/vim/node.ts';
import { device, devices, disk, object, PVSCSI } from './samples.ts';

const FLAT = '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] a/a.vmdk</fileName></backing>';

function hardware(...list: readonly string[]): readonly VimNode[] {
  return members(object('VirtualMachine', 'vm-1', devices(...list)).node('config.hardware.device'));
}

interface Url {
  readonly key: string;
  readonly target?: string;
  readonly disk?: boolean;
}

function urls(...list: readonly Url[]): readonly VimNode[] {
  const body = list.map(
    ({ key, target, disk: isDisk = true }) =>
      `<deviceUrl><key>${key}</key><url>https://esx/nfc/${key}</url><sslThumbprint>AA:BB</sslThumbprint><disk>${isDisk}</disk>${target === undefined ? '' : `<targetId>${target}</targetId>`}</deviceUrl>`,
  );
  return (
    object('HttpNfcLease', 'lease', { info: body.join('') })
      .node('info')
      ?.list('deviceUrl') ?? []
  );
}

const TWO = hardware(PVSCSI, disk(2000, 0, FLAT), device('VirtualCdrom', 3000), disk(2001, 1, FLAT));

test('a disk is found by controller and unit, whatever the order', () => {
  const told = urls({ key: '/vm-1/ParaVirtualSCSIController0:1' }, { key: '/vm-1/ParaVirtualSCSIController0:0' });
  assert.deepEqual(deviceUrl(told, TWO, 2000), {
    url: 'https://esx/nfc//vm-1/ParaVirtualSCSIController0:0',
    thumbprint: 'AA:BB',
  });
});

test('a disk is found by its number, in the key or in the name of the file', () => {
  assert.match(deviceUrl(urls({ key: '/vm-1/disk:1' }, { key: '/vm-1/disk:0' }), TWO, 2001)?.url ?? '', /disk:1$/);
  const named = urls({ key: 'x', target: 'disk-1.vmdk' }, { key: 'y', target: 'disk-0.vmdk' });
  assert.match(deviceUrl(named, TWO, 2001)?.url ?? '', /x$/);
});

test('the one disk of a VM needs no name, and other files of the export do not count', () => {
  const one = hardware(PVSCSI, disk(2000, 0, FLAT));
  assert.match(deviceUrl(urls({ key: 'nvram', disk: false }, { key: 'any' }), one, 2000)?.url ?? '', /any$/);
});

test('nothing is guessed', () => {
  assert.equal(deviceUrl(urls({ key: 'a' }, { key: 'b' }), TWO, 2000), undefined);
  assert.equal(deviceUrl(urls({ key: 'a' }), TWO, 2000), undefined);
  assert.equal(deviceUrl(urls({ key: '/a/disk:0' }, { key: '/b/disk:0' }), TWO, 2000), undefined);
  assert.equal(deviceUrl(urls({ key: '/vm-1/disk:0' }), TWO, 2002), undefined);
});
