import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../src/transfer/qemu-img/diagnose.ts';
import { progressParser } from '../../../src/transfer/qemu-img/run.ts';

function fractionsOf(...texts: readonly string[]): readonly number[] {
  const seen: number[] = [];
  const parse = progressParser((fraction) => seen.push(fraction));
  for (const text of texts) parse(text);
  return seen;
}

test('progress is read from lines that are parted by carriage returns', () => {
  assert.deepEqual(fractionsOf('    (0.00/100%)\r    (12.50/100%)\r    (100.00/100%)\r\n'), [0.125, 1]);
});

test('progress is read wherever the text is cut', () => {
  const text = '    (12.50/100%)\r    (50.00/100%)\r    (99.00/100%)\r';
  for (let cut = 1; cut < text.length; cut += 1) {
    assert.deepEqual(fractionsOf(text.slice(0, cut), text.slice(cut)), [0.125, 0.5, 0.99], `cut at ${cut}`);
  }
});

test('progress never falls, and other text is passed over', () => {
  assert.deepEqual(fractionsOf('hello (x/100%) (70.00/100%)\r(30.00/100%)\r(7', '1.00/100%)'), [0.7, 0.71]);
});

const SAID: readonly (readonly [string, string])[] = [
  ['qemu-img: error while writing at byte 2097152: No space left on device', 'target-full'],
  ['qemu-img: error while writing at byte 2097152: Disk quota exceeded', 'target-full'],
  ['qemu-img: error while writing at byte 0: Input/output error', 'target-write-failed'],
  ['qemu-img: error while reading at byte 65536: Input/output error', 'source-read-failed'],
  ["qemu-img: Could not open 'json:{}': Could not open '/a.vmdk': Permission denied", 'source-unreadable'],
  ["qemu-img: Could not open 'json:{}': Could not open '/a.vmdk': No such file or directory", 'source-changed'],
  ["qemu-nbd: Failed to blk_new_open 'json:{}': Image not in VHDX format", 'image-malformed'],
  ["qemu-nbd: Failed to blk_new_open 'json:{}': VHDX: parent backing file not supported", 'image-unsupported'],
  ['qemu-img: something that nobody has seen before', 'transfer-tool-failed'],
];

for (const [stderr, code] of SAID) {
  test(`"${stderr.slice(0, 90)}" means ${code}`, () => {
    assert.equal(diagnose('qemu-img', { status: 1, killedBy: undefined, stderr }).code, code);
  });
}

test('the message keeps what was said and leaves the block graph out', () => {
  const stderr = `qemu-img: Could not open 'json:{"driver":"raw","file":{"driver":"file","filename":"/secret"}}': it broke`;
  const { message } = diagnose('qemu-img', { status: 1, killedBy: undefined, stderr });
  assert.equal(message, 'qemu-img failed (status 1): qemu-img: Could not open the image: it broke');
});

test('a program that was ended by a signal says by which', () => {
  assert.match(diagnose('qemu-img', { status: undefined, killedBy: 'SIGSEGV', stderr: '' }).message, /signal SIGSEGV/);
});
