import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { assemble, label, op, rel8 } from './guest/assembler.ts';
import { bootAndListen } from './guest/boot.ts';
import { DAMAGED, GREETING, INTACT } from './guest/boot-sector.ts';
import { buildGuest, GUEST_NAME } from './guest/build.ts';
import { GUEST_DISK_BYTES, guestDisk } from './guest/disk.ts';
import { writeTar } from './guest/tar.ts';

const run = promisify(execFile);
const verdict = new RegExp(`${INTACT}|${DAMAGED}`);

describe('the demo guest', () => {
  let folder: string;
  let raw: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-guest-'));
    raw = path.join(folder, 'guest.raw');
    await writeFile(raw, guestDisk());
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  for (const bus of ['virtio', 'sata'] as const) {
    it(`greets and finds its ${bus} disk intact`, async () => {
      const heard = await bootAndListen({ disk: raw, until: verdict, bus, signal: AbortSignal.timeout(60_000) });
      assert.match(heard, new RegExp(GREETING));
      assert.match(heard, new RegExp(`read ${GUEST_DISK_BYTES / 512} sectors, ${INTACT}`));
    });
  }

  it('notices one changed bit in the last sector', async () => {
    const damaged = path.join(folder, 'damaged.raw');
    const disk = guestDisk();
    disk.writeUInt8(disk.readUInt8(disk.length - 1) ^ 1, disk.length - 1);
    await writeFile(damaged, disk);
    const heard = await bootAndListen({ disk: damaged, until: verdict, bus: 'sata', signal: AbortSignal.timeout(60_000) });
    assert.match(heard, new RegExp(DAMAGED));
  });

  it('notices two sectors that changed places', async () => {
    const swapped = path.join(folder, 'swapped.raw');
    const disk = guestDisk();
    const first = 1024 * 1024;
    const kept = Buffer.from(disk.subarray(first, first + 512));
    disk.copy(disk, first, first + 512, first + 1024);
    kept.copy(disk, first + 512);
    await writeFile(swapped, disk);
    const heard = await bootAndListen({ disk: swapped, until: verdict, bus: 'sata', signal: AbortSignal.timeout(60_000) });
    assert.match(heard, new RegExp(DAMAGED));
  });

  it('is packed as an OVA that GNU tar and qemu-img read, with a manifest that holds', async () => {
    const ova = await buildGuest(path.join(folder, 'ova'));
    assert.deepEqual(await readdir(path.dirname(ova)), [`${GUEST_NAME}.ova`]);
    const unpacked = await mkdtemp(path.join(folder, 'unpacked-'));
    const { stdout, stderr } = await run('tar', ['-xvf', ova, '-C', unpacked]);
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trim().split('\n'), [`${GUEST_NAME}.ovf`, `${GUEST_NAME}.mf`, `${GUEST_NAME}-disk1.vmdk`]);

    const manifest = await readFile(path.join(unpacked, `${GUEST_NAME}.mf`), 'utf8');
    const entries = [...manifest.matchAll(/^SHA256\((.+)\)= ([0-9a-f]{64})$/gm)];
    assert.equal(entries.length, 2);
    for (const [, name = '', digest] of entries) {
      const content = await readFile(path.join(unpacked, name));
      assert.equal(createHash('sha256').update(content).digest('hex'), digest);
    }
    const vmdk = path.join(unpacked, `${GUEST_NAME}-disk1.vmdk`);
    await run('qemu-img', ['compare', '-f', 'vmdk', '-F', 'raw', vmdk, raw]);
  });

  it('is the same, byte for byte, at every build', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map((name) => buildGuest(path.join(folder, name))));
    assert.ok(one !== undefined && two !== undefined);
    assert.deepEqual(await readFile(one), await readFile(two));
  });
});

describe('the tar writer', () => {
  it('pads each member to whole blocks, an empty one included', async () => {
    await using folder = await disposableFolder();
    const archive = path.join(folder.path, 'some.tar');
    const members = [0, 1, 511, 512, 513].map((length) => ({ name: `${length}.bin`, content: Buffer.alloc(length, 0x61) }));
    await writeTar(archive, members);
    const { stdout } = await run('tar', ['--list', '--verbose', '--file', archive]);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)[2]),
      ['0', '1', '511', '512', '513'],
    );
    assert.equal((await readFile(archive)).length % 512, 0);
  });

  it('refuses a name that ustar cannot hold', async () => {
    await using folder = await disposableFolder();
    const archive = path.join(folder.path, 'some.tar');
    await assert.rejects(writeTar(archive, [{ name: 'x'.repeat(101), content: Buffer.alloc(0) }]), /too long/);
  });
});

describe('the assembler', () => {
  it('resolves jumps in both directions', () => {
    const code = assemble(0x7c00, [
      label('top'),
      op('jmp end', 0xeb, rel8('end')),
      op('jmp top', 0xeb, rel8('top')),
      label('end'),
    ]);
    assert.deepEqual([...code], [0xeb, 2, 0xeb, 0xfc]);
  });

  it('refuses a short jump that is too long', () => {
    const far = Array.from({ length: 200 }, () => op('nop', 0x90));
    assert.throws(() => assemble(0, [op('jmp end', 0xeb, rel8('end')), ...far, label('end')]), /too far/);
  });
});

async function disposableFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const created = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-tar-'));
  return { path: created, [Symbol.asyncDispose]: () => rm(created, { recursive: true, force: true }) };
}
