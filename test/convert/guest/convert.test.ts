import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readStage } from '../../../src/convert/guest/conversion-state.ts';
import { convertDisks } from '../../../src/convert/guest/convert.ts';
import { convertAside } from '../../../src/convert/guest/convert-aside.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { writeSevens } from './stand-in.ts';

const MiB = 1024 ** 2;
const { signal } = new AbortController();

describe('the conversion of several disks', () => {
  let folder: string;
  let original: Buffer;
  let converted: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'convert-'));
    original = randomBytes(16 * MiB);
    await writeFile(path.join(folder, 'original'), original);
    const expected = Buffer.from(original);
    converted = digest(
      expected
        .fill(7, MiB, 7 * MiB)
        .fill(7, 12 * MiB, 13 * MiB)
        .fill(0, 14 * MiB, 15 * MiB),
    );
  });
  after(() => rm(folder, { recursive: true }));

  async function ground(name: string): Promise<{ workspace: string; disks: { key: string; path: string }[] }> {
    const disks = ['disk0', 'disk1'].map((key) => ({ key, path: path.join(folder, `${name}-${key}.raw`) }));
    for (const disk of disks) await copyFile(path.join(folder, 'original'), disk.path);
    return { workspace: path.join(folder, name), disks };
  }

  async function digests(disks: readonly { path: string }[]): Promise<string[]> {
    return await Promise.all(disks.map(async (disk) => digest(await readFile(disk.path))));
  }

  it('brings what was written to all of them, says where, and leaves no overlay', async () => {
    const { workspace, disks } = await ground('whole');
    const result = await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, writeSevens);
    assert.deepEqual(await digests(disks), [converted, converted]);
    assert.deepEqual(
      result.disks,
      disks.map(({ key }) => ({
        key,
        changed: [
          { offset: MiB, length: 6 * MiB },
          { offset: 12 * MiB, length: MiB },
          { offset: 14 * MiB, length: MiB },
        ],
        zeroed: [{ offset: 14 * MiB, length: MiB }],
      })),
    );
    assert.deepEqual(await readdir(workspace), ['conversion.json']);
    const again = await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, () =>
      assert.fail('converted twice'),
    );
    assert.deepEqual(again, result);
  });

  it('leaves the disks as they were when the work fails, and can be repeated', async () => {
    const { workspace, disks } = await ground('failing');
    const broken = new MigrationError('conversion-failed', 'no');
    const failing = convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, async (overlays) => {
      await writeSevens(overlays.slice(0, 1));
      throw broken;
    });
    await assert.rejects(failing, broken);
    assert.deepEqual(await digests(disks), [digest(original), digest(original)]);
    assert.deepEqual(await readdir(workspace), ['conversion.json']);
    await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, writeSevens);
    assert.deepEqual(await digests(disks), [converted, converted]);
  });

  it('works aside where nothing is to be committed: the overlays hold what the disks would', async () => {
    const { workspace, disks } = await ground('aside');
    const { overlays } = await convertAside({ vm: 'guest', disks }, { workspace, signal }, writeSevens);
    assert.deepEqual(await digests(disks), [digest(original), digest(original)]);
    const flat = overlays.map(({ key, overlay }) => ({ key, path: `${overlay}.img` }));
    for (const [at, { overlay }] of overlays.entries())
      await promisify(execFile)('qemu-img', ['convert', '-O', 'raw', overlay, flat[at]?.path ?? '']);
    assert.deepEqual(await digests(flat), [converted, converted]);
  });

  it('refuses a workspace that belongs to other disks', async () => {
    const { workspace, disks } = await ground('foreign');
    await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, writeSevens);
    const fewer = convertDisks({ vm: 'guest', copy: 'first', disks: disks.slice(1) }, { workspace, signal }, writeSevens);
    await assert.rejects(fewer, { code: 'state-foreign' });
  });

  it('counts for one copy of the disks: another one is converted anew', async () => {
    const { workspace, disks } = await ground('copied-again');
    await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, writeSevens);
    for (const disk of disks) await copyFile(path.join(folder, 'original'), disk.path);
    assert.equal(await readStage(workspace, { disks, copy: 'second' }), undefined);
    await convertDisks({ vm: 'guest', copy: 'second', disks }, { workspace, signal }, writeSevens);
    assert.deepEqual(await digests(disks), [converted, converted]);
  });

  const moments = ['converting', 'written', 'disk disk0', 'disk disk1'];
  for (const moment of moments) {
    for (const delay of [0, 15]) {
      it(`survives kill -9 ${delay} ms after "${moment}"`, async () => {
        const { workspace, disks } = await ground(`${moment.replace(' ', '-')}-${delay}`);
        await killedAfter(moment, delay, [workspace, ...disks.map((disk) => disk.path)]);
        const stage = await readStage(workspace, { disks, copy: 'first' });
        if (stage === undefined || stage.is === 'converting') {
          assert.deepEqual(await digests(disks), [digest(original), digest(original)], 'the copied disks are as they were');
        }
        const result = await convertDisks({ vm: 'guest', copy: 'first', disks }, { workspace, signal }, writeSevens);
        assert.deepEqual(await digests(disks), [converted, converted]);
        assert.equal(result.disks[1]?.changed.length, 3);
        assert.deepEqual(await readdir(workspace), ['conversion.json']);
      });
    }
  }
});

/** Settles when the stand-in was killed that long after it had said so. */
async function killedAfter(moment: string, delay: number, argv: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'stand-in.ts'), ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    said += text;
    if (said.includes(moment)) break;
  }
  assert.ok(said.includes(moment), `it came to "${moment}"`);
  setTimeout(() => child.kill('SIGKILL'), delay);
  await exited;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
