/** What is read from the console, from recorded packets and from pictures. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { runsWith } from '../../../src/convert/boot/accelerator.ts';
import { ConsoleText } from '../../../src/convert/boot/console-text.ts';
import { PacketLog } from '../../../src/convert/boot/packets.ts';
import { difference, readPicture } from '../../../src/convert/boot/picture.ts';
import { screenText } from '../../../src/convert/boot/screen-text.ts';

test('a console is read without colours and cursor movements, also where they come in pieces', () => {
  const console = new ConsoleText();
  for (const piece of ['\x1b[2J\x1b[01;01H\x1b[0', ';30;47mWelcome to GRUB!\x1b[0m\r\n', '\x1b[5;1Hgrub\x1b[37m> '])
    console.add(piece);
  assert.equal(console.text(), '\nWelcome to GRUB!\n\ngrub> ');
});

test('of a guest that never stops talking the end is kept', () => {
  const console = new ConsoleText();
  for (let line = 0; line < 20_000; line += 1) console.add(`${line} and more\n`);
  assert.ok(console.text().length <= 65_536);
  assert.ok(console.text().endsWith('19999 and more\n'));
});

function record(frame: string): Buffer {
  const bytes = Buffer.from(frame.replaceAll(' ', ''), 'hex');
  const header = Buffer.alloc(16);
  header.writeUInt32LE(bytes.length, 8);
  header.writeUInt32LE(bytes.length, 12);
  return Buffer.concat([header, bytes]);
}

const GUEST = '005056abcd01';
const ARP = `ffffffffffff ${GUEST} 0806 0001080006040001 ${GUEST} c000020a 000000000000 c0000201`;
const DHCP = `ffffffffffff ${GUEST} 0800 4500002800000000 40110000 00000000 ffffffff 0044004300140000`;
const SYN_ACK = `52550a000202 ${GUEST} 0800 4500002800000000 40060000 c000020a c0000201 0016 d431 00000000 00000001 5012 ffff 0000 0000`;
const GATEWAY = `${GUEST} 52550a000202 0800 4500002800000000 40060000 c0000201 c000020a 0050 d431 00000000 00000001 5012 ffff 0000 0000`;

test('addresses and answering ports are those of the guest, and a packet that is half written is read later', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-packets-'));
  try {
    const file = path.join(folder, 'nic.pcap');
    const log = new PacketLog(file);
    await log.read();
    assert.equal(log.sent, 0);
    const all = Buffer.concat([Buffer.alloc(24), ...[DHCP, ARP, GATEWAY, SYN_ACK].map(record)]);
    await writeFile(file, all.subarray(0, all.length - 20));
    await log.read();
    assert.deepEqual([...log.addresses], [['00:50:56:ab:cd:01', new Set(['192.0.2.10'])]]);
    assert.equal(log.answering.size, 0);
    await appendFile(file, all.subarray(all.length - 20));
    await log.read();
    assert.deepEqual([...log.answering], [22]);
    assert.equal(log.sent, 3);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a packet of impossible length stops the reading, not the proof', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-packets-'));
  try {
    const file = path.join(folder, 'nic.pcap');
    await writeFile(file, Buffer.concat([Buffer.alloc(24), Buffer.alloc(16, 0xff), Buffer.alloc(100)]));
    const log = new PacketLog(file);
    await log.read();
    assert.equal(log.sent, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function picture(width: number, height: number, colourOf: (pixel: number) => number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let index = 0; index < width * height; index += 1) pixels.writeUIntBE(colourOf(index), index * 3, 3);
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}

test('a picture is known by its commonest colour and by how much of it changed', () => {
  const blue = readPicture(picture(70, 100, (pixel) => (pixel < 700 ? 0xffffff : 0x0078d7)));
  const other = readPicture(picture(70, 100, () => 0x0078d7));
  assert.ok(blue !== undefined && other !== undefined);
  assert.equal(blue.colour, 0x0078d7);
  assert.equal(blue.share, 0.9);
  assert.equal(difference(blue, other), 0.1);
  assert.equal(difference(blue, { ...other, width: 100 }), 1);
  assert.equal(readPicture(Buffer.from('P6\n9999 9999\n255\nshort')), undefined);
});

test('a screen in text mode is read as lines', () => {
  const memory = Buffer.alloc(32_768);
  for (const [row, text] of ['Debian GNU/Linux 6.0 web1 tty1', '', 'web1 login: \xdb'].entries()) {
    for (const [column, letter] of [...text].entries())
      memory.writeUInt16LE(0x0700 | letter.charCodeAt(0), (row * 80 + column) * 2);
  }
  assert.equal(screenText(memory), 'Debian GNU/Linux 6.0 web1 tty1\n\nweb1 login:');
});

test('the tiny guest by which KVM is judged runs with emulation', async () => {
  // A machine with much else to do takes its time; what is asked is whether the guest does what it is to do.
  assert.equal(await runsWith('tcg', AbortSignal.timeout(120_000), 100_000), true);
});
