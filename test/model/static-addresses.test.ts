import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestIp } from '../../src/model/network.ts';
import { staticNics } from '../../src/model/static-addresses.ts';
import type { MacAddress } from '../../src/model/units.ts';

const MAC = '00:50:56:00:00:01' as MacAddress;
const OWN = { configured: [{ mac: MAC, addresses: ['192.0.2.10/24', '2001:db8::10'], gateways: ['192.0.2.1'] }] };

function told(guestIp: GuestIp | undefined, conversion: Partial<typeof OWN> = OWN): string {
  const nic = { key: 'ethernet0', label: 'NIC', mac: MAC, ...(guestIp && { guestIp }) };
  const nics = staticNics({ nics: [nic, { key: 'ethernet1', label: 'without a MAC' }] }, conversion);
  return nics.map(({ by, addresses }) => `${by}: ${addresses.map((one) => `${one.address}/${one.prefix}`).join(' ')}`).join();
}

test('what the source told goes before what the guest has written down', () => {
  const addresses = [
    { address: '198.51.100.7', prefix: 25, origin: 'static' },
    { address: '10.0.0.9', origin: 'dhcp' },
    { address: 'fe80::1' },
  ] as const;
  assert.equal(told({ addresses }), 'source: 198.51.100.7/25');
});

test('a source that told nothing but what nobody chose has told nothing', () => {
  const own = 'guest: 192.0.2.10/24 2001:db8::10/undefined';
  assert.equal(told(undefined), own);
  assert.equal(told({ addresses: [{ address: 'FE80::1' }, { address: '169.254.3.4' }] }), own);
  assert.equal(told(undefined, {}), '');
});

test('a NIC that asked DHCP while it ran has no static address, whatever its files say', () => {
  assert.equal(told({ dhcp: true, addresses: [{ address: '10.0.0.9' }] }), '');
  assert.equal(told({ addresses: [{ address: '10.0.0.9', origin: 'dhcp' }] }), '');
});
