import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lostAddresses } from '../../../../src/convert/guest/network/windows.ts';
import { addressCommands } from '../../../../src/convert/guest/windows/addresses.ts';
import { planWindowsFirstBoot } from '../../../../src/convert/guest/windows/first-boot.ts';
import type { ConversionNic } from '../../../../src/model/conversion.ts';
import type { GuestIp } from '../../../../src/model/network.ts';
import { parseMac } from '../../../../src/model/units.ts';

const mac = parseMac('00:50:56:aa:00:01');
assert.ok(mac);

function nic(guestIp: GuestIp): ConversionNic {
  assert.ok(mac);
  return { label: 'Ethernet0', mac, guestIp: { dhcp: false, ...guestIp } };
}

function netsh(guestIp: GuestIp): readonly string[] {
  return addressCommands(nic(guestIp)).filter((line) => line.startsWith('netsh'));
}

describe('addresses of Windows', () => {
  it('are those that the converter has no room for', () => {
    const commands = netsh({
      addresses: [
        { address: '10.0.0.5', prefix: 24 },
        { address: '10.0.1.6', prefix: 20 },
        { address: 'fd00::5', prefix: 64 },
        { address: 'fe80::1', prefix: 64 },
      ],
      gateways: ['10.0.0.1', 'fd00::1'],
      dns: ['10.0.0.2', 'fd00::2'],
      routes: [{ to: '192.168.0.0/16', via: '10.0.0.9' }, { to: '172.16.0.0/12' }],
    });
    assert.deepEqual(commands, [
      'netsh interface ipv4 add address $at 10.0.1.6 255.255.240.0',
      'netsh interface ipv6 add address $at fd00::5/64',
      'netsh interface ipv6 add route ::/0 $at fd00::1',
      'netsh interface ipv4 add route 192.168.0.0/16 $at 10.0.0.9',
      'netsh interface ipv6 add dnsservers $at fd00::2 validate=no',
    ]);
  });

  it('are all of them where the NIC has no gateway', () => {
    assert.deepEqual(netsh({ addresses: [{ address: '10.0.0.5', prefix: 32 }], dns: ['10.0.0.2'] }), [
      'netsh interface ipv4 add address $at 10.0.0.5 255.255.255.255',
      'netsh interface ipv4 add dnsservers $at 10.0.0.2 validate=no',
    ]);
  });

  it('are none where DHCP gives them, or the converter sets all', () => {
    assert.deepEqual(
      addressCommands(nic({ dhcp: true, addresses: [{ address: '10.0.0.5', prefix: 24 }], dns: ['10.0.0.2'] })),
      [],
    );
    const simple = { addresses: [{ address: '10.0.0.5', prefix: 24 }], gateways: ['10.0.0.1'], dns: ['10.0.0.2'] };
    assert.deepEqual(addressCommands(nic(simple)), []);
  });

  it('are no way into the guest: what is no address is left out', () => {
    const evil = '1.1.1.1; rm x';
    assert.deepEqual(
      netsh({
        addresses: [{ address: evil, prefix: 24 }],
        gateways: [evil],
        dns: ['$(x)'],
        routes: [{ to: `${evil}/8`, via: '::1' }],
      }),
      [],
    );
  });
});

describe('addresses that nothing can set', () => {
  it('are said, but for the one that the converter carries', () => {
    const addresses = [
      { address: '10.0.0.5', prefix: 24 },
      { address: 'fd00::5', prefix: 64 },
    ];
    const lost = lostAddresses([nic({ addresses })]);
    assert.match(
      lost.join('\n'),
      /^The address 10\.0\.0\.5 of the NIC 00:50:56:aa:00:01 cannot be kept in Windows[\s\S]*fd00::5/,
    );
    assert.equal(lostAddresses([nic({ addresses, gateways: ['10.0.0.1'] })]).length, 1);
  });
});

describe('the first boot of Windows', () => {
  it('runs what virt-v2v starts: batch files in their order, PowerShell by one of them', () => {
    const nics = [nic({ addresses: [{ address: 'fd00::5', prefix: 64 }] })];
    const files = planWindowsFirstBoot(nics, [
      { name: 'join.v2.ps1', when: 'first-boot', text: 'Write-Output 1\n' },
      { name: 'clean.bat', when: 'first-boot', text: 'echo on\necho 2' },
    ]);
    assert.deepEqual(
      files.map(({ name }) => name),
      [
        'kubeferry-addresses-005056aa0001.ps1',
        'scripts/9000-0001-kubeferry-addresses-005056aa0001.bat',
        'kubeferry-join.v2.ps1',
        'scripts/9000-0002-kubeferry-join-v2-ps1.bat',
        'scripts/9000-0003-kubeferry-clean.bat',
      ],
    );
    assert.match(
      files[1]?.text ?? '',
      /-File "C:\\Program Files\\Guestfs\\Firstboot\\kubeferry-addresses-005056aa0001\.ps1"\r\n$/,
    );
    assert.match(files[0]?.text ?? '', /MACAddress -eq '00:50:56:AA:00:01'.*\r\n/);
    assert.equal(files[4]?.text, 'echo on\r\necho 2\r\n');
    assert.equal(files.filter(({ change }) => change !== undefined).length, 3, 'the report tells each of them once');
  });
});
