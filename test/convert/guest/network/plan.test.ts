import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindNames } from '../../../../src/convert/guest/network/bindings.ts';
import { nicNamesIn } from '../../../../src/convert/guest/network/names.ts';
import { planNetwork } from '../../../../src/convert/guest/network/plan.ts';
import type { ConversionNic } from '../../../../src/model/conversion.ts';
import type { NetworkFile } from '../../../../src/model/guest-inspection.ts';
import { parseMac } from '../../../../src/model/units.ts';

const DEBIAN = { type: 'linux', distro: 'debian', version: { major: 12, minor: 5 } };
const INTERFACES = '/etc/network/interfaces';

function nic(mac: string, ...addresses: string[]): ConversionNic {
  const parsed = parseMac(mac);
  assert.ok(parsed);
  const guestIp = { dhcp: false, addresses: addresses.map((address) => ({ address, prefix: 24 })) };
  return { label: 'Network adapter', mac: parsed, ...(addresses.length === 0 ? {} : { guestIp }) };
}

const FIRST = nic('00:50:56:00:00:01', '10.0.0.5');
const SECOND = nic('00:50:56:00:00:02', '10.0.1.5');

function link(name: string, { mac }: ConversionNic): string {
  return `[Match]\nMACAddress=${mac}\nDriver=virtio_net\n\n[Link]\nName=${name}\n`;
}

/** One guest: its files, and what is written into it. */
const GOLDEN: readonly {
  readonly guest: string;
  readonly system: { type: string; distro: string; version: { major: number; minor: number } };
  readonly files: readonly NetworkFile[];
  readonly nics: readonly ConversionNic[];
  readonly edits: Readonly<Record<string, string>>;
}[] = [
  {
    guest: 'Debian 12 with ifupdown and a static address',
    system: DEBIAN,
    files: [
      {
        kind: 'ifupdown',
        path: INTERFACES,
        text: 'auto lo\niface lo inet loopback\n\nauto ens192\niface ens192 inet static\n  address 10.0.0.5/24\n  gateway 10.0.0.1\n',
      },
    ],
    nics: [FIRST],
    edits: { '/etc/systemd/network/10-kubeferry-ens192.link': link('ens192', FIRST) },
  },
  {
    guest: 'Debian 12 with two NICs that are told apart by their addresses, not by their order',
    system: DEBIAN,
    files: [
      {
        kind: 'ifupdown',
        path: INTERFACES,
        text: 'auto ens192 ens224\niface ens192 inet static\n  address 10.0.1.5/24\niface ens224 inet static\n  address 10.0.0.5\n',
      },
    ],
    nics: [FIRST, SECOND],
    edits: {
      '/etc/systemd/network/10-kubeferry-ens192.link': link('ens192', SECOND),
      '/etc/systemd/network/10-kubeferry-ens224.link': link('ens224', FIRST),
    },
  },
  {
    guest: 'Ubuntu 22.04 with netplan',
    system: { type: 'linux', distro: 'ubuntu', version: { major: 22, minor: 4 } },
    files: [
      {
        kind: 'netplan',
        path: '/etc/netplan/00-installer-config.yaml',
        text: 'network:\n  version: 2\n  ethernets:\n    ens160:\n      addresses: [10.0.1.5/24]\n      routes:\n        - to: default\n          via: 10.0.1.1\n    ens192:\n      addresses:\n        - 10.0.0.5/24\n      nameservers:\n        addresses: [10.0.0.2]\n',
      },
    ],
    nics: [FIRST, SECOND],
    edits: {
      '/etc/systemd/network/10-kubeferry-ens160.link': link('ens160', SECOND),
      '/etc/systemd/network/10-kubeferry-ens192.link': link('ens192', FIRST),
    },
  },
  {
    guest: 'Ubuntu with netplan as cloud-init writes it, which names the MAC',
    system: { type: 'linux', distro: 'ubuntu', version: { major: 24, minor: 4 } },
    files: [
      {
        kind: 'netplan',
        path: '/etc/netplan/50-cloud-init.yaml',
        text: 'network:\n  version: 2\n  ethernets:\n    id0:\n      match:\n        macaddress: "00:50:56:00:00:01"\n      set-name: ens192\n      dhcp4: true\n',
      },
    ],
    nics: [nic('00:50:56:00:00:01')],
    edits: {},
  },
  {
    guest: 'RHEL 9 with NetworkManager',
    system: { type: 'linux', distro: 'rhel', version: { major: 9, minor: 4 } },
    files: [
      {
        kind: 'networkmanager',
        path: '/etc/NetworkManager/system-connections/ens192.nmconnection',
        text: '[connection]\nid=ens192\ntype=ethernet\ninterface-name=ens192\n\n[ipv4]\naddress1=10.0.0.5/24,10.0.0.1\nmethod=manual\n',
      },
    ],
    nics: [FIRST],
    edits: { '/etc/systemd/network/10-kubeferry-ens192.link': link('ens192', FIRST) },
  },
  {
    guest: 'CentOS 7 with ifcfg that names the MAC of the other NIC first',
    system: { type: 'linux', distro: 'centos', version: { major: 7, minor: 9 } },
    files: [
      {
        kind: 'ifcfg',
        path: '/etc/sysconfig/network-scripts/ifcfg-ens192',
        text: 'DEVICE=ens192\nHWADDR=00:50:56:00:00:02\nBOOTPROTO=dhcp\n',
      },
      { kind: 'ifcfg', path: '/etc/sysconfig/network-scripts/ifcfg-ens224', text: 'BOOTPROTO=dhcp\n' },
    ],
    nics: [nic('00:50:56:00:00:01'), nic('00:50:56:00:00:02')],
    edits: {
      '/etc/systemd/network/10-kubeferry-ens192.link': link('ens192', SECOND),
      '/etc/systemd/network/10-kubeferry-ens224.link': link('ens224', FIRST),
    },
  },
  {
    guest: 'RHEL 6, whose udev knows rules only, with a rule for a NIC that is gone',
    system: { type: 'linux', distro: 'rhel', version: { major: 6, minor: 10 } },
    files: [
      { kind: 'ifcfg', path: '/etc/sysconfig/network-scripts/ifcfg-eth0', text: 'DEVICE=eth0\nIPADDR=10.0.0.5\n' },
      {
        kind: 'udev',
        path: '/etc/udev/rules.d/70-persistent-net.rules',
        text: '# made by a program\nSUBSYSTEM=="net", ATTR{address}=="00:11:22:33:44:55", NAME="eth0"\n',
      },
    ],
    nics: [FIRST],
    edits: {
      '/etc/udev/rules.d/70-persistent-net.rules':
        '# made by a program\nSUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:50:56:00:00:01", ATTR{type}=="1", NAME="eth0"\n',
    },
  },
  {
    guest: 'RHEL 6 with its own rule, which stays right',
    system: { type: 'linux', distro: 'rhel', version: { major: 6, minor: 10 } },
    files: [
      {
        kind: 'udev',
        path: '/etc/udev/rules.d/70-persistent-net.rules',
        text: 'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:50:56:00:00:01", NAME="eth0"\n',
      },
    ],
    nics: [nic('00:50:56:00:00:01')],
    edits: {},
  },
  {
    guest: 'SLES 15 with wicked',
    system: { type: 'linux', distro: 'sles', version: { major: 15, minor: 5 } },
    files: [{ kind: 'wicked', path: '/etc/sysconfig/network/ifcfg-eth0', text: "BOOTPROTO='static'\nIPADDR='10.0.0.5/24'\n" }],
    nics: [FIRST],
    edits: { '/etc/systemd/network/10-kubeferry-eth0.link': link('eth0', FIRST) },
  },
  {
    guest: 'systemd-networkd with a match on the driver of VMware',
    system: DEBIAN,
    files: [
      {
        kind: 'systemd-networkd',
        path: '/etc/systemd/network/lan.network',
        text: '[Match]\nDriver=vmxnet3\n\n[Network]\nDHCP=yes\n',
      },
    ],
    nics: [nic('00:50:56:00:00:01')],
    edits: { '/etc/systemd/network/lan.network': '[Match]\nDriver=virtio_net\n\n[Network]\nDHCP=yes\n' },
  },
];

describe('the network of a Linux guest', () => {
  for (const { guest, system, files, nics, edits } of GOLDEN) {
    it(`keeps working in ${guest}`, () => {
      const plan = planNetwork(system, files, nics);
      assert.deepEqual(Object.fromEntries(plan.edits.map(({ path, text }) => [path, text])), edits);
      assert.deepEqual(plan.warnings, []);
      assert.deepEqual(
        plan.edits.map(({ change }) => change?.file),
        Object.keys(edits),
        'the report lists every edit',
      );
    });
  }

  it('is given by the order of slots of VMware where nothing else tells, and that is said', () => {
    const text = 'auto ens161 ens192 ens224\niface ens161 inet dhcp\niface ens192 inet dhcp\niface ens224 inet dhcp\n';
    const nics = ['01', '02', '03'].map((end) => nic(`00:50:56:00:00:${end}`));
    const { edits, warnings } = planNetwork(DEBIAN, [{ kind: 'ifupdown', path: INTERFACES, text }], nics);
    assert.deepEqual(
      edits.map(({ text: written }) => written),
      [link('ens192', nics[0] ?? FIRST), link('ens224', nics[1] ?? FIRST), link('ens161', nics[2] ?? FIRST)],
    );
    assert.equal(warnings.length, 3);
  });

  it('is left alone where names and NICs do not agree, and that is said', () => {
    const text = 'iface ens192 inet dhcp\niface ens224 inet dhcp\n';
    const plan = planNetwork(DEBIAN, [{ kind: 'ifupdown', path: INTERFACES, text }], [nic('00:50:56:00:00:01')]);
    assert.deepEqual(plan.edits, []);
    assert.match(plan.warnings.join('\n'), /No NIC was found for ens192[\s\S]*No NIC was found for ens224/);
  });

  it('is warned of where configuration goes by slot, or an address is in no file', () => {
    const text = '[Match]\nPath=pci-0000:0b:00.0\n\n[Network]\nDHCP=no\n';
    const { warnings } = planNetwork(
      DEBIAN,
      [{ kind: 'systemd-networkd', path: '/etc/systemd/network/a.network', text }],
      [FIRST],
    );
    assert.match(warnings.join('\n'), /finds a NIC by its slot[\s\S]*10\.0\.0\.5 .* is in no file/);
  });
});

describe('configuration that goes by the driver of a NIC', () => {
  const NIC = [nic('00:50:56:00:00:01')];
  const cases: readonly (readonly [NetworkFile['kind'], string, string])[] = [
    ['netplan', 'network:\n  ethernets:\n    lan:\n      match:\n        driver: vmxnet3\n', 'driver: virtio_net\n'],
    [
      'netplan',
      'network:\n  ethernets:\n    lan:\n      match: {driver: ["vmxnet3", "e1000e"]}\n',
      'driver: ["virtio_net", "virtio_net"]}\n',
    ],
    ['networkmanager', '[connection]\nid=lan\n\n[match]\ndriver=hv_netvsc;\n', 'driver=virtio_net;\n'],
    ['udev', 'SUBSYSTEM=="net", DRIVERS=="vmxnet3", NAME="lan0"\n', 'DRIVERS=="virtio_net", NAME="lan0"\n'],
    ['systemd-link', '[Match]\nDriver=vmxnet3 e1000\n', 'Driver=virtio_net virtio_net\n'],
  ];
  for (const [kind, text, after] of cases) {
    it(`goes by virtio_net from now on: ${kind} with ${text.split('\n').at(-2)?.trim()}`, () => {
      const { edits } = planNetwork(DEBIAN, [{ kind, path: '/etc/x', text }], NIC);
      assert.equal(edits.length, 1);
      assert.ok(edits[0]?.text.endsWith(after), edits[0]?.text);
    });
  }

  it('stays as it is where a driver is only mentioned', () => {
    const text = '# driver: vmxnet3\nnetwork:\n  ethernets:\n    ens192:\n      dhcp4: true # was e1000\n';
    const { edits } = planNetwork(DEBIAN, [{ kind: 'netplan', path: '/etc/netplan/a.yaml', text }], NIC);
    assert.deepEqual(
      edits.map(({ path }) => path),
      ['/etc/systemd/network/10-kubeferry-ens192.link'],
    );
  });

  it('is warned of where it is a list over several lines, or goes by a bus', () => {
    const text = 'network:\n  ethernets:\n    a:\n      match:\n        driver:\n          - vmxnet3\n';
    const { warnings } = planNetwork(
      DEBIAN,
      [
        { kind: 'netplan', path: '/etc/netplan/a.yaml', text },
        { kind: 'wicked', path: '/etc/sysconfig/network/ifcfg-bus-pci-0000:0b:00.0', text: '' },
      ],
      [],
    );
    assert.match(warnings.join('\n'), /ifcfg-bus-pci.* by its slot[\s\S]*a\.yaml chooses NICs by drivers/);
  });
});

describe('names that the kernel gives first', () => {
  it('are warned of where they would have to be swapped, and not elsewhere', () => {
    const text = 'iface eth0 inet static\n address 10.0.1.5\niface eth1 inet static\n address 10.0.0.5\n';
    const files: NetworkFile[] = [{ kind: 'ifupdown', path: INTERFACES, text }];
    assert.match(
      planNetwork(DEBIAN, files, [FIRST, SECOND]).warnings.join('\n'),
      /^eth0 belongs to .*02.*\neth1 belongs to .*01/,
    );
    assert.deepEqual(planNetwork(DEBIAN, files, [SECOND, FIRST]).warnings, []);
    const only: NetworkFile[] = [{ kind: 'ifupdown', path: INTERFACES, text: 'iface eth1 inet dhcp\n' }];
    assert.deepEqual(planNetwork(DEBIAN, only, [nic('00:50:56:00:00:01')]).warnings, []);
  });
});

describe('names of NICs', () => {
  it('are those of cards, in the order that people read', () => {
    const text = 'auto lo bond0 ens224 eth10 eth2 enp0s3 br0 wlan0 ens192 # ens1\n#auto ens9\n';
    assert.deepEqual(nicNamesIn([{ kind: 'ifupdown', path: INTERFACES, text }]), [
      'enp0s3',
      'ens1',
      'ens192',
      'ens224',
      'eth2',
      'eth10',
    ]);
  });

  it('do not take an address for another that begins like it', () => {
    const text = 'iface ens192 inet static\n address 10.0.0.51\niface ens224 inet static\n address 10.0.0.5\n';
    const { bound } = bindNames([{ kind: 'ifupdown', path: INTERFACES, text }], [FIRST, nic('00:50:56:00:00:02')]);
    assert.deepEqual(
      bound.map(({ name, mac }) => [name, mac]),
      [
        ['ens224', FIRST.mac],
        ['ens192', SECOND.mac],
      ],
    );
  });
});
