import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuredNics } from '../../../../src/convert/guest/network/configured.ts';
import type { ConversionNic } from '../../../../src/model/conversion.ts';
import type { NetworkFile, NetworkFileKind } from '../../../../src/model/guest-inspection.ts';
import { parseMac } from '../../../../src/model/units.ts';

const [FIRST, SECOND] = ['00:50:56:00:00:01', '00:50:56:00:00:02'];

function nics(...macs: readonly string[]): readonly ConversionNic[] {
  return macs.map((text, at) => {
    const mac = parseMac(text);
    assert.ok(mac);
    return { label: `Network adapter ${at + 1}`, mac };
  });
}

/** `MAC: addresses > gateways`, for each NIC that has any. */
function found(files: readonly NetworkFile[], ...macs: readonly string[]): readonly string[] {
  return configuredNics(files, nics(...macs)).map(
    ({ mac, addresses, gateways }) => `${mac}: ${addresses.join(' ')} > ${gateways.join(' ')}`,
  );
}

const ONE = `${FIRST}: 192.0.2.10/24 2001:db8::10/64 > 192.0.2.1 2001:db8::1`;

const SPELLINGS: readonly {
  readonly by: string;
  readonly kind: NetworkFileKind;
  readonly path: string;
  readonly text: string;
}[] = [
  {
    by: 'ifupdown',
    kind: 'ifupdown',
    path: '/etc/network/interfaces',
    text: 'auto lo ens192\niface lo inet loopback\niface ens192 inet static\n  address 192.0.2.10\n  netmask 255.255.255.0\n  gateway 192.0.2.1\n\niface ens192 inet6 static\n  address 2001:DB8:0::10/64\n  gateway 2001:db8::1\n',
  },
  {
    by: 'netplan',
    kind: 'netplan',
    path: '/etc/netplan/01.yaml',
    text: 'network:\n  version: 2\n  ethernets:\n    ens192:\n      addresses: [192.0.2.10/24, "2001:db8::10/64": {label: web}]\n      routes:\n        - {to: default, via: 192.0.2.1}\n        - {to: 198.51.100.0/24, via: 192.0.2.7}\n      gateway6: "2001:db8::1"\n  vlans:\n    v7: {id: 7, link: ens192, addresses: [203.0.113.1/24]}\n',
  },
  {
    by: 'netplan by MAC, whatever the card is called',
    kind: 'netplan',
    path: '/etc/netplan/50-cloud-init.yaml',
    text: `network:\n  ethernets:\n    id0:\n      match: {macaddress: "${FIRST.toUpperCase()}"}\n      addresses: [192.0.2.10/24, "2001:db8::10/64"]\n      gateway4: 192.0.2.1\n      gateway6: "2001:db8::1"\n`,
  },
  {
    by: 'NetworkManager',
    kind: 'networkmanager',
    path: '/etc/NetworkManager/system-connections/lan.nmconnection',
    text: '[connection]\nid=lan\ntype=ethernet\ninterface-name=ens192\n\n[ipv4]\naddress1=192.0.2.10/24,192.0.2.1\ndns=192.0.2.2;\nmethod=manual\n\n[ipv6]\naddress1=2001:db8::10/64\ngateway=2001:db8::1\nmethod=manual\n',
  },
  {
    by: 'an old NetworkManager, by MAC',
    kind: 'networkmanager',
    path: '/etc/NetworkManager/system-connections/lan',
    text: `[connection]\ntype=802-3-ethernet\n[802-3-ethernet]\nmac-address=${FIRST}\n[ipv4]\naddresses1=192.0.2.10;24;192.0.2.1;\n[ipv6]\naddresses1=2001:db8::10;64;2001:db8::1;\n`,
  },
  {
    by: 'the initscripts of Red Hat',
    kind: 'ifcfg',
    path: '/etc/sysconfig/network-scripts/ifcfg-ens192',
    text: 'DEVICE="ens192"\nBOOTPROTO=none\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\nIPV6ADDR=2001:db8::10/64\nIPV6_DEFAULTGW=2001:db8::1\nONBOOT=yes\n',
  },
  {
    by: 'systemd-networkd',
    kind: 'systemd-networkd',
    path: '/etc/systemd/network/lan.network',
    text: '[Match]\nName=en*\n\n[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n\n[Address]\nAddress=2001:db8::10/64\n\n[Route]\nGateway=2001:db8::1\n\n[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.7\n',
  },
];

for (const { by, ...file } of SPELLINGS) {
  test(`static addresses are found as ${by} writes them`, () => {
    assert.deepEqual(found([file], FIRST), [ONE]);
  });
}

test('wicked has several addresses, and its gateway elsewhere', () => {
  const path = '/etc/sysconfig/network/ifcfg-eth0';
  const text = "BOOTPROTO='static'\nIPADDR='192.0.2.10/24'\nIPADDR_1='192.0.2.11'\nNETMASK_1='255.255.255.0'\nSTARTMODE='auto'\n";
  assert.deepEqual(found([{ kind: 'wicked', path, text }], FIRST), [`${FIRST}: 192.0.2.10/24 192.0.2.11/24 > `]);
  assert.deepEqual(found([{ kind: 'wicked', path, text: text.replace("'auto'", "'off'") }], FIRST), []);
});

test('each of two NICs has its own, by MAC or by the order of its slot', () => {
  const text = (name: string, more: string): string => `DEVICE=${name}\nBOOTPROTO=static\n${more}\n`;
  const path = '/etc/sysconfig/network-scripts/ifcfg-ens';
  const files: readonly NetworkFile[] = [
    { kind: 'ifcfg', path: `${path}192`, text: text('ens192', `HWADDR=${SECOND}\nIPADDR=192.0.2.10\nNETMASK=255.255.255.0`) },
    { kind: 'ifcfg', path: `${path}224`, text: text('ens224', 'IPADDR0=198.51.100.7\nPREFIX0=25\nGATEWAY0=198.51.100.1') },
  ];
  assert.deepEqual(found(files, FIRST, SECOND), [`${FIRST}: 198.51.100.7/25 > 198.51.100.1`, `${SECOND}: 192.0.2.10/24 > `]);
  const interfaces =
    'iface ens224 inet static\n address 198.51.100.7/25\niface ens192 inet static\n address 192.0.2.10/24\niface ens192:1 inet static\n address 192.0.2.11/24\n';
  assert.deepEqual(found([{ kind: 'ifupdown', path: '/etc/network/interfaces', text: interfaces }], FIRST, SECOND), [
    `${FIRST}: 192.0.2.10/24 192.0.2.11/24 > `,
    `${SECOND}: 198.51.100.7/25 > `,
  ]);
});

test('what DHCP gives, what nobody chose, what is no address and what stands on a bridge is none', () => {
  const nothing: readonly NetworkFile[] = [
    {
      kind: 'ifupdown',
      path: '/etc/network/interfaces',
      text: 'iface ens192 inet dhcp\niface br0 inet static\n address 192.0.2.10/24\n bridge_ports ens192\n',
    },
    { kind: 'ifcfg', path: '/x/ifcfg-ens192', text: 'BOOTPROTO=dhcp\nIPADDR=192.0.2.10\n' },
    {
      kind: 'netplan',
      path: '/etc/netplan/a.yaml',
      text: 'network: {ethernets: {ens192: {addresses: [169.254.1.1/16, "fe80::1/64", 300.1.1.1/24, "10.1/8", 7]}}}',
    },
    { kind: 'netplan', path: '/etc/netplan/b.yaml', text: 'network: {ethernets: [' },
    { kind: 'netplan', path: '/etc/netplan/c.yaml', text: '- 1' },
    { kind: 'networkmanager', path: '/x/wifi', text: '[connection]\ntype=wifi\n[ipv4]\naddress1=192.0.2.10/24\n' },
    { kind: 'systemd-networkd', path: '/x/a.network' },
  ];
  assert.deepEqual(found(nothing, FIRST), []);
});
