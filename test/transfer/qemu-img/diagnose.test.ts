import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../src/transfer/qemu-img/diagnose.ts';

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
