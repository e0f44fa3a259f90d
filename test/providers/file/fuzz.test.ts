/**
 * Thousands of damaged descriptors and archives, always the same ones: each ends in a list of VMs or in a MigrationError,
 * soon and without much memory. Any other error is a bug.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openOva } from '../../../providers/file/ova/open-ova.ts';
import { indexTar } from '../../../providers/file/ova/tar-index.ts';
import { parseManifest } from '../../../providers/file/ovf/manifest.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { buildTar, paxRecord } from './ova/tar-builder.ts';
import { readDrafts, SAMPLES, sampleText } from './ovf/read-sample.ts';
import { makeVmdk, manifestLine, signal, temporaryFolder } from './package-fixture.ts';

/** Processor time that one damaged input may take, in microseconds. A valid one takes a few thousand. */
const PATIENCE = 2_000_000;

function random(seed: number): (below: number) => number {
  const words = seededWords(seed);
  return (below) => words() % below;
}

type Dice = ReturnType<typeof random>;

function pick<T>(dice: Dice, choices: readonly T[]): T {
  const choice = choices[dice(choices.length)];
  assert.ok(choice !== undefined, 'nothing to choose from');
  return choice;
}

const NASTY = [
  '',
  '-1',
  '0',
  '1e9',
  '99999999999999999999',
  '18446744073709551615',
  '..',
  '../x',
  '/etc/passwd',
  'http://h/x',
  `\${a}`,
  '\u0000',
  'é',
  '&x;',
  '<!DOCTYPE a>',
  'a'.repeat(5000),
  'true',
  'ovf:/disk/',
  'ovf:/file/file1',
  '__proto__',
  'constructor',
  'NaN',
];

/** Structure: elements, attributes and values of a descriptor, dropped, doubled, swapped or replaced. */
function damageXml(text: string, dice: Dice): string {
  const elements = [...text.matchAll(/<[^!?/][^>]*\/>|<([\w:]+)[^<>]*>[^<]*<\/\1>/g)];
  const attributes = [...text.matchAll(/="[^"]*"/g)];
  if (elements.length === 0 || attributes.length === 0) return text;
  const element = pick(dice, elements);
  const attribute = pick(dice, attributes);
  const cut = (match: RegExpExecArray | RegExpMatchArray, replacement: string) =>
    text.slice(0, match.index) + replacement + text.slice((match.index ?? 0) + match[0].length);
  switch (dice(7)) {
    case 0:
      return cut(element, '');
    case 1:
      return cut(element, element[0] + element[0]);
    case 2:
      return cut(element, pick(dice, elements)[0]);
    case 3:
      return cut(attribute, `="${pick(dice, NASTY)}"`);
    case 4:
      return cut(attribute, pick(dice, attributes)[0]);
    case 5:
      return cut(element, element[0].replace(/>[^<]*</, `>${pick(dice, NASTY)}<`));
    default:
      return text.slice(0, dice(text.length)) + text.slice(dice(text.length));
  }
}

/** Bytes: flipped, overwritten, removed, inserted, cut off. */
function damageBytes(bytes: Buffer, dice: Dice): Buffer {
  const damaged = Buffer.from(bytes);
  const at = dice(damaged.length);
  switch (dice(5)) {
    case 0:
      damaged[at] = (damaged[at] ?? 0) ^ (1 << dice(8));
      return damaged;
    case 1:
      damaged[at] = dice(256);
      return damaged;
    case 2:
      return Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1 + dice(600))]);
    case 3:
      return Buffer.concat([damaged.subarray(0, at), Buffer.alloc(dice(600), dice(256)), damaged.subarray(at)]);
    default:
      return damaged.subarray(0, at);
  }
}

interface Count {
  read: number;
  refused: number;
}

async function attempt(count: Count, describe: string, body: () => unknown): Promise<void> {
  const start = process.cpuUsage();
  try {
    await body();
    count.read += 1;
  } catch (error) {
    assert.ok(error instanceof MigrationError, `${describe}: ${error instanceof Error ? error.stack : String(error)}`);
    count.refused += 1;
  }
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < PATIENCE, `${describe} took too long`);
}

/** Both happened: the damage is neither harmless nor always fatal. */
function wasUseful({ read, refused }: Count, cases: number): void {
  assert.equal(read + refused, cases);
  assert.ok(read > cases / 50 && refused > cases / 50, `${read} read, ${refused} refused`);
}

test('3000 damaged descriptors end in VMs or a MigrationError', async () => {
  const samples = readdirSync(SAMPLES).map(sampleText);
  const dice = random(20250704);
  const count = { read: 0, refused: 0 };
  for (let number = 0; number < 3000; number += 1) {
    let text = pick(dice, samples);
    for (let times = 1 + dice(3); times > 0; times -= 1) text = damageXml(text, dice);
    if (dice(4) === 0 && text !== '') text = damageBytes(Buffer.from(text), dice).toString('utf8');
    await attempt(count, `descriptor ${number}`, () => readDrafts(text, pick(dice, ['', 'medium', 'large']) || undefined));
  }
  wasUseful(count, 3000);
});

test('1500 damaged tar headers end in members inside the archive or a MigrationError', async (t) => {
  const dice = random(424242);
  const file = path.join(temporaryFolder(t), 'a.ova');
  const archives = (['ustar', 'pax', 'gnu', 'v7'] as const).map((flavour) =>
    buildTar(
      [
        { name: 'guest.ovf', data: 'x'.repeat(700) },
        { name: `${'long'.repeat(30)}.vmdk`, data: 'y'.repeat(100), mode: flavour === 'gnu' ? 'base256' : 'octal' },
        ...(flavour === 'pax' ? [{ name: 'p', type: 'x', data: paxRecord('path', 'é.mf') + paxRecord('size', '3') }] : []),
        { name: 'guest.mf', data: 'abc' },
      ],
      { flavour },
    ),
  );
  const count = { read: 0, refused: 0 };
  for (let number = 0; number < 1500; number += 1) {
    let archive = pick(dice, archives);
    for (let times = 1 + dice(2); times > 0; times -= 1) archive = damageBytes(archive, dice);
    if (dice(2) === 0) mendChecksums(archive);
    writeFileSync(file, archive);
    await attempt(count, `archive ${number}`, async () => {
      for (const [name, { offset, length }] of await indexTar({ path: file, offset: 0, length: archive.length }, signal)) {
        assert.ok(offset + length <= archive.length, name);
        assert.ok(!name.startsWith('/') && !name.split('/').includes('..'), name);
      }
    });
  }
  wasUseful(count, 1500);
});

/** Damage behind a right checksum reaches deeper. */
function mendChecksums(archive: Buffer): void {
  for (let offset = 0; offset + 512 <= archive.length; offset += 512) {
    const block = archive.subarray(offset, offset + 512);
    if (!block.subarray(257, 262).equals(Buffer.from('ustar'))) continue;
    block.fill(' ', 148, 156);
    block.write(
      `${block
        .reduce((total, byte) => total + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
  }
}

test('300 damaged archives with descriptor, manifest and disk end in VMs or a MigrationError', async (t) => {
  const dice = random(7);
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'a.ova');
  const vmdk = makeVmdk(folder, 'old.vmdk');
  const text = sampleText('vmware-0.9.ovf');
  const mf = manifestLine('SHA256', 'guest.ovf', text) + manifestLine('SHA256', 'old.vmdk', vmdk);
  const members = [
    { name: 'guest.ovf', data: text },
    { name: 'guest.mf', data: mf },
    { name: 'old.vmdk', data: vmdk },
  ];
  const count = { read: 0, refused: 0 };
  for (let number = 0; number < 300; number += 1) {
    const damaged = members.map((member) =>
      dice(3) === 0 ? { ...member, data: damageBytes(Buffer.from(member.data), dice) } : member,
    );
    writeFileSync(file, buildTar(dice(4) === 0 ? damaged.toReversed() : damaged));
    await attempt(count, `package ${number}`, async () => {
      await Array.fromAsync((await openOva(file, { signal })).vms(signal));
    });
  }
  wasUseful(count, 300);
});

test('2000 damaged manifests end in digests or a MigrationError', async () => {
  const dice = random(99);
  const whole = Buffer.from(
    manifestLine('SHA1', 'a.ovf', 'x') + manifestLine('SHA256', 'b (2).vmdk', 'y') + manifestLine('SHA512', 'c', 'z'),
  );
  const count = { read: 0, refused: 0 };
  for (let number = 0; number < 2000; number += 1) {
    const text = damageBytes(whole, dice).toString('utf8');
    await attempt(count, `manifest ${number}`, () => parseManifest(text, { file: 'a.ova', name: 'a.mf' }));
  }
  wasUseful(count, 2000);
});
