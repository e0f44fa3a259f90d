/** Real boots, without KVM, of guests that are up in seconds. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { VolumeKey } from '../../../src/contracts/guest-converter.ts';
import { type BootRequest, proveBoot } from '../../../src/convert/boot/prove.ts';
import type { BootProof } from '../../../src/model/boot-proof.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { ADDRESS, MAC, makeDisk, NETWORK, type TinyGuest, tinyVm } from './tiny-guest.ts';

const signal = AbortSignal.timeout(1_800_000);
const FOREVER = 'while :; do busybox sleep 1000; done';
/** On a machine that is busy with ten times as much; quiet, no guest takes more than eight seconds. */
const PATIENCE = 300;
const PNG = '89504e470d0a1a0a';
let folder = '';
/** Seconds that a guest took until its prompt, here and now: what has a deadline is given a multiple of it. */
let pace = 20;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-prove-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function prove(
  guest: TinyGuest | 'nothing',
  { keys, ...more }: Partial<BootRequest> & { readonly keys?: readonly VolumeKey[] } = {},
): Promise<BootProof> {
  const disk = path.join(folder, 'disk.img');
  if (guest === 'nothing') {
    await writeFile(disk, '');
    await truncate(disk, 2 ** 21);
  } else await makeDisk(disk, guest);
  const before = await digest(disk);
  const workspace = await mkdtemp(path.join(folder, 'workspace-'));
  const proof = await proveBoot(
    {
      vm: tinyVm(),
      disks: [{ claim: 'tiny-disk', path: disk }],
      family: 'linux',
      addresses: [],
      probes: [],
      deadlineSeconds: PATIENCE,
      limits: { cpus: 2, memoryMiB: 512 },
      workspace,
      screenshot: path.join(folder, 'screen.png'),
      ...more,
    },
    signal,
    keys,
  );
  assert.equal(await digest(disk), before, 'the disk is only read');
  assert.deepEqual(await readdir(workspace), [], 'nothing is left');
  return proof;
}

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

test('a guest that asks for a name has booted; its picture, its console and its address are kept', async () => {
  const init = `${NETWORK}echo written > /dev/vda
busybox nc -l -p 80 -e busybox echo hello &
busybox nc 192.0.2.1 9 </dev/null
busybox printf 'Debian GNU/Linux 12 tiny ttyS0\\n\\ntiny login: '
${FOREVER}`;
  const proof = await prove({ init }, { addresses: [{ mac: MAC, address: ADDRESS, gateway: '192.0.2.1' }] });
  assert.equal(proof.booted, true, JSON.stringify(proof));
  pace = proof.evidence[0]?.seconds ?? pace;
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => ({ kind, text })),
    [{ kind: 'login-prompt', text: 'tiny login:' }],
  );
  assert.equal(proof.trouble, undefined);
  assert.deepEqual(proof.addresses, { [MAC]: ['192.0.2.10'] });
  assert.match(proof.console, /GRUB loading.*tiny login: $/s);
  assert.equal((await readFile(proof.screenshot ?? '')).subarray(0, 8).toString('hex'), PNG);
});

test('a guest whose agent answers has booted, and its addresses are those that the agent tells', async () => {
  const cards = { name: 'ens3', 'hardware-address': MAC, 'ip-addresses': [{ 'ip-address': '2001:db8::10', prefix: 64 }] };
  const init = `${NETWORK}
for port in /dev/vport*p1; do :; done
exec 3<>$port
while read -r line <&3; do case "$line" in
  *osinfo*) echo '{"return":{"pretty-name":"Tiny 1"}}' >&3;;
  *interfaces*) echo '${JSON.stringify({ return: [cards] })}' >&3;;
  *) echo '{"return":{}}' >&3;;
esac; done`;
  const proof = await prove({ init }, { family: 'windows' });
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => ({ kind, text })),
    [{ kind: 'guest-agent', text: 'The guest agent answers: Tiny 1' }],
    JSON.stringify(proof),
  );
  assert.deepEqual(proof.addresses[MAC]?.at(-1), '2001:db8::10');
});

test('probes are asked through ports of this machine, until they are answered', async () => {
  const script = path.join(folder, 'probe.sh');
  await writeFile(script, '#!/bin/sh\n[ -n "$KUBEFERRY_PORT_8080" ] && echo "at $KUBEFERRY_PORT_8080"\n');
  await chmod(script, 0o755);
  const init = `${NETWORK}
busybox mkdir /www; echo '<h1>shop</h1>' > /www/index.html
busybox httpd -p 8080 -h /www
while :; do busybox nc -l -p 22 -e busybox echo SSH-2.0-tiny; done`;
  const proof = await prove(
    { init },
    {
      addresses: [{ mac: MAC, address: ADDRESS }],
      probes: [
        { kind: 'http', port: 8080, body: 'shop' },
        { kind: 'tcp', port: 22, banner: '^SSH-2' },
        { kind: 'tcp', port: 8080 },
        { kind: 'script', path: script, ports: [8080], mac: MAC },
      ],
    },
  );
  assert.equal(proof.booted, true, JSON.stringify(proof));
  const said = proof.evidence.map(({ text }) => text.replace(/\d{5}$/, 'PORT')).toSorted();
  assert.deepEqual(said, [
    `${script} ended well: at PORT`,
    'port 22 greets with SSH-2',
    'port 8080 accepts connections',
    'port 8080 answers / with 200',
  ]);
});

test('one port of two cards is two questions', async () => {
  const other = '00:50:56:ab:cd:02';
  const init = `${NETWORK}busybox ip address add 198.51.100.7/24 dev eth1; busybox ip link set eth1 up
for word in first second; do busybox mkdir -p /www/$word; echo $word > /www/$word/index.html; done
busybox httpd -p 192.0.2.10:80 -h /www/first
busybox httpd -p 198.51.100.7:80 -h /www/second
${FOREVER}`;
  const interfaces = [MAC, other].map(
    (macAddress, at) => ({ name: `nic${at}`, model: 'virtio', macAddress, bridge: {} }) as const,
  );
  const proof = await prove(
    { init },
    {
      vm: tinyVm({ interfaces }),
      addresses: [
        { mac: MAC, address: ADDRESS },
        { mac: other, address: '198.51.100.7/24' },
      ],
      probes: [
        { kind: 'http', port: 80, body: 'first' },
        { kind: 'http', port: 80, body: 'second', mac: other.toUpperCase() },
      ],
    },
  );
  assert.equal(proof.booted, true, JSON.stringify(proof));
  assert.equal(proof.evidence.filter(({ kind }) => kind === 'probe').length, 2);
});

test('a guest without a serial console is read from its screen', async () => {
  const init = `busybox printf '\\033[2J\\033[HDebian GNU/Linux 6.0 tiny tty1\\n\\ntiny login: '\n${FOREVER}`;
  const proof = await prove({ init, console: 'tty0' });
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => ({ kind, text })),
    [{ kind: 'login-prompt', text: 'tiny login:' }],
    JSON.stringify(proof),
  );
  assert.doesNotMatch(proof.console, /login/);
});

test('a guest that came up and does not answer a probe is not proven', async () => {
  const init = `${NETWORK}busybox printf '\\ntiny login: '\n${FOREVER}`;
  const addresses = [{ mac: MAC, address: ADDRESS }];
  const proof = await prove({ init }, { addresses, deadlineSeconds: 5 + 3 * pace, probes: [{ kind: 'tcp', port: 22 }] });
  assert.equal(proof.booted, false);
  assert.equal(proof.trouble?.code, 'probe-failed');
  assert.match(proof.trouble?.text ?? '', /tcp: /);
});

test('a guest that asks for the passphrase of its disk is given it, and nothing tells which it is', async () => {
  // A guest that echoes what it reads: cryptsetup would not.
  const init = `until [ "$word" = 'sesame' ]; do busybox printf 'Please unlock disk vda2_crypt: '; read word; echo "cryptsetup got $word"; done
busybox sleep 4
busybox printf '\\nsesame login: '\n${FOREVER}`;
  const keys = [{ volume: '/dev/sdb1', passphrase: 'never asked for' }, { passphrase: 'not this' }, { passphrase: 'sesame' }];
  const proof = await prove({ init }, { keys });
  assert.equal(proof.booted, true, JSON.stringify(proof));
  const [sign] = proof.evidence;
  assert.equal(sign?.kind, 'login-prompt');
  assert.equal(
    proof.console.match(/Please unlock disk vda2_crypt: \(hidden\)\ncryptsetup got \(hidden\)/g)?.length,
    2,
    proof.console,
  );
  for (const { passphrase } of keys) assert.ok(!JSON.stringify(proof).includes(passphrase));
  assert.match(proof.differences.join(), /passphrase of vda2_crypt .* at every start/);
});

const TROUBLES: readonly {
  readonly name: string;
  readonly guest: TinyGuest | 'nothing';
  readonly code: string;
  readonly says: RegExp;
}[] = [
  { name: 'a disk without a boot loader', guest: 'nothing', code: 'no-boot-device', says: /It says: No bootable device/ },
  {
    name: 'GRUB without a configuration',
    guest: { grub: '# no entries' },
    code: 'boot-loader-stopped',
    says: /It says: grub>$/,
  },
  {
    name: 'an initramfs that does not find the root',
    guest: {
      init: `echo "ALERT!  UUID=0b0b does not exist.  Dropping to a shell!"\nbusybox printf '(initramfs) '\n${FOREVER}`,
    },
    code: 'root-not-found',
    says: /lacks the driver of the disk.*UUID=0b0b/,
  },
  {
    name: 'a kernel that stops',
    guest: { init: 'exit 1' },
    code: 'kernel-panic',
    says: /Kernel panic - not syncing: Attempted to kill init!/,
  },
  {
    name: 'a kernel without its root',
    guest: { kernel: 'rdinit=/absent root=/dev/absent' },
    code: 'root-not-found',
    says: /Cannot open root device "\/dev\/absent"|Unable to mount root fs/,
  },
  {
    name: 'a disk that waits for its passphrase',
    guest: { init: `busybox printf 'Please unlock disk vda5_crypt: '\n${FOREVER}` },
    code: 'passphrase-wanted',
    says: /Please unlock disk vda5_crypt:/,
  },
  { name: 'a guest that switches itself off', guest: { init: 'busybox poweroff -f' }, code: 'powered-off', says: /./ },
  { name: 'a guest that restarts again and again', guest: { grub: 'reboot' }, code: 'reset-loop', says: /restarted \d+ times/ },
];

for (const { name, guest, code, says } of TROUBLES) {
  test(`${name} is told from one that boots`, async () => {
    const proof = await prove(guest);
    assert.equal(proof.booted, false);
    assert.equal(proof.trouble?.code, code, JSON.stringify(proof));
    assert.match(proof.trouble.text, says);
    assert.ok(existsSync(proof.screenshot ?? ''), 'there is a picture of it');
  });
}

test('a guest that says nothing until the deadline is not proven', async () => {
  const proof = await prove({ init: FOREVER }, { deadlineSeconds: 5 });
  assert.equal(proof.trouble?.code, 'no-sign');
});

test('a card that the manifest disconnects has no link', async () => {
  const init = `${NETWORK}busybox printf 'carrier %s\\ntiny login: ' $(busybox cat /sys/class/net/eth0/carrier)\n${FOREVER}`;
  const interfaces = [{ name: 'nic', model: 'virtio', macAddress: MAC, state: 'down', bridge: {} }] as const;
  const proof = await prove({ init }, { vm: tinyVm({ interfaces }) });
  assert.equal(proof.booted, true, JSON.stringify(proof));
  assert.match(proof.console, /carrier 0/);
});

test('UEFI with secure boot and a TPM starts, and finds nothing on an empty disk', async () => {
  const vm = tinyVm({ firmware: { efi: { secureBoot: true, persistent: true } }, tpm: true });
  const proof = await prove('nothing', { vm });
  assert.equal(proof.trouble?.code, 'no-boot-device', JSON.stringify(proof));
  assert.deepEqual(proof.differences, [
    'The TPM is new and empty: what the guest sealed in the old one is not there.',
    'The firmware starts without stored boot entries.',
  ]);
});

test('a proof that is canceled stops at once and leaves nothing', async () => {
  const disk = path.join(folder, 'disk.img');
  await makeDisk(disk, { init: FOREVER });
  const workspace = await mkdtemp(path.join(folder, 'workspace-'));
  const stop = new AbortController();
  const proof = proveBoot(
    {
      vm: tinyVm(),
      disks: [{ claim: 'tiny-disk', path: disk }],
      family: 'linux',
      addresses: [],
      probes: [],
      deadlineSeconds: 100,
      limits: { cpus: 1, memoryMiB: 256 },
      workspace,
      screenshot: path.join(folder, 'none.png'),
    },
    stop.signal,
  );
  setTimeout(() => stop.abort(), 1500);
  await assert.rejects(proof, (error) => error instanceof MigrationError && error.code === 'canceled');
  assert.deepEqual(await readdir(workspace), []);
});
