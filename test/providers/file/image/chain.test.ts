import assert from 'node:assert/strict';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { probeImage } from '../../../../providers/file/image/probe.ts';
import { sampleDisk, signal, type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
  await shop.qemu('convert', '-f', 'raw', '-O', 'vmdk', 'disk.raw', 'base.vmdk');
  await shop.qemu('create', '-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', 'base-000001.vmdk');
  await shop.qemu('create', '-q', '-f', 'vmdk', '-b', 'base-000001.vmdk', '-F', 'vmdk', 'base-000002.vmdk');
});
after(() => shop[Symbol.asyncDispose]());

/** Rewrites the text of an embedded descriptor, padded to its old length. */
async function redescribe(from: string, to: string, change: (text: string) => string): Promise<void> {
  const image = await shop.read(from);
  const room = image.subarray(512, 512 + 20 * 512);
  const text = change(room.toString('latin1').replace(/\0+$/, ''));
  room.fill(0);
  room.write(text, 'latin1');
  await shop.write(to, image);
}

test('a VMware snapshot chain is followed to its base, nearest first', async () => {
  const probed = await shop.probe('base-000002.vmdk');
  assert.deepEqual(probed.parents, ['base-000001.vmdk', 'base.vmdk']);
  assert.deepEqual(
    probed.layers.map(({ slices }) => slices[0]?.path),
    ['base-000002.vmdk', 'base-000001.vmdk', 'base.vmdk'].map(shop.path),
  );
  assert.equal(probed.allocated, undefined, 'what the top allocates says nothing about the chain');
});

test('a qcow2 chain ends in the raw image that its header calls raw, whatever is in it', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', 'trap.qcow2', '1M');
  await shop.write('trap.data', await shop.read('trap.qcow2'));
  await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'trap.data', '-F', 'raw', 'child.qcow2');
  const probed = await shop.probe('child.qcow2');
  assert.deepEqual(probed.parents, ['trap.data']);
  assert.equal(probed.layers[1]?.format, 'raw');
});

test('a qcow2 chain may stand on other formats', async () => {
  await shop.qemu('convert', '-f', 'raw', '-O', 'vdi', 'disk.raw', 'base.vdi');
  await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'base.vdi', '-F', 'vdi', 'on-vdi.qcow2');
  assert.deepEqual(
    (await shop.probe('on-vdi.qcow2')).layers.map(({ format }) => format),
    ['qcow2', 'vdi'],
  );
});

test('a parent with an absolute name of another machine is found by its last part', async () => {
  for (const name of ['/vmfs/volumes/5f/web/base.vmdk', 'C:\\\\VMs\\\\web\\\\base.vmdk'.replaceAll('\\\\', '\\')]) {
    await redescribe('base-000001.vmdk', 'moved.vmdk', (text) => text.replace(/Hint="[^"]*"/, () => `Hint="${name}"`));
    assert.deepEqual((await shop.probe('moved.vmdk')).parents, ['base.vmdk']);
  }
});

test('a parent that is not there is missing, also when its name is not written', async () => {
  await redescribe('base-000001.vmdk', 'lost.vmdk', (text) => text.replace(/Hint="[^"]*"/, 'Hint="gone.vmdk"'));
  await assert.rejects(shop.probe('lost.vmdk'), withCode('image-parent-missing'));
  await redescribe('base-000001.vmdk', 'nameless.vmdk', (text) => text.replace(/parentFileNameHint="[^"]*"\n/, ''));
  await assert.rejects(shop.probe('nameless.vmdk'), withCode('image-parent-missing'));
  await assert.rejects(
    probeImage({ name: 'alone.vmdk', slices: (await shop.locate('base-000001.vmdk')).slices }, signal),
    withCode('image-parent-missing'),
    'an archive member cannot lead out of the archive',
  );
});

test('a parent that was written after its child is refused: the disk would be wrong', async () => {
  await redescribe('base-000001.vmdk', 'stale.vmdk', (text) => text.replace(/parentCID=\w+/, 'parentCID=12345678'));
  await assert.rejects(shop.probe('stale.vmdk'), { code: 'image-malformed', message: /12345678/ });
});

test('a chain that leads back to itself is a loop', async () => {
  await redescribe('base-000001.vmdk', 'self.vmdk', (text) => text.replace(/Hint="[^"]*"/, 'Hint="self.vmdk"'));
  await assert.rejects(shop.probe('self.vmdk'), withCode('image-parent-loop'));
  const to = (parent: string) => (text: string) =>
    text
      .replace(/Hint="[^"]*"/, `Hint="${parent}"`)
      .replace(/^CID=\w+/m, 'CID=11111111')
      .replace(/parentCID=\w+/, 'parentCID=11111111');
  await redescribe('base-000001.vmdk', 'ring-a.vmdk', to('ring-b.vmdk'));
  await redescribe('base-000001.vmdk', 'ring-b.vmdk', to('ring-a.vmdk'));
  await assert.rejects(shop.probe('ring-a.vmdk'), withCode('image-parent-loop'));
});

test('a chain deeper than VMware allows is refused', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', 'd00.qcow2', '1M');
  const template = 'd01.qcow2';
  await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'd00.qcow2', '-F', 'qcow2', template);
  const image = await shop.read(template);
  const at = image.indexOf('d00.qcow2');
  for (let depth = 2; depth <= 33; depth += 1) {
    image.write(`d${String(depth - 1).padStart(2, '0')}`, at);
    await shop.write(`d${String(depth).padStart(2, '0')}.qcow2`, image);
  }
  assert.equal((await shop.probe('d32.qcow2')).parents?.length, 32);
  await assert.rejects(shop.probe('d33.qcow2'), withCode('image-parent-loop'));
});

test('parents and links that lead out of the folder, and protocols, are refused', async () => {
  for (const name of ['../outside.vmdk', 'sub/../../outside.vmdk', 'json:{}', 'nbd://host/disk']) {
    await redescribe('base-000001.vmdk', 'out.vmdk', (text) => text.replace(/Hint="[^"]*"/, `Hint="${name}"`));
    await assert.rejects(shop.probe('out.vmdk'), withCode('image-extent-unsafe'), name);
  }
  await symlink('/etc/passwd', shop.path('link.vmdk'));
  await redescribe('base-000001.vmdk', 'out.vmdk', (text) => text.replace(/Hint="[^"]*"/, 'Hint="link.vmdk"'));
  await assert.rejects(shop.probe('out.vmdk'), withCode('image-extent-unsafe'));
});

test('a parent in a folder below is found from the child', async () => {
  await mkdir(shop.path('below'));
  await shop.qemu('create', '-q', '-f', 'qcow2', 'below/base.qcow2', '1M');
  await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'below/base.qcow2', '-F', 'qcow2', 'above.qcow2');
  assert.deepEqual((await shop.probe('above.qcow2')).parents, ['below/base.qcow2']);
});

test('a parent of another format than the child promises is refused', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', 'k.qcow2', '1M');
  await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'k.qcow2', '-F', 'qcow2', 'l.qcow2');
  await shop.qemu('convert', '-O', 'vdi', 'k.qcow2', 'k.vdi');
  await rename(shop.path('k.vdi'), shop.path('k.qcow2'));
  await assert.rejects(shop.probe('l.qcow2'), withCode('image-malformed'));
});

test('parents are found among the members of an archive', async () => {
  const [child, parent] = [await shop.locate('base-000001.vmdk'), await shop.locate('base.vmdk')];
  const siblings = new Map([['base.vmdk', parent.slices[0]]]);
  const probed = await probeImage({ name: child.name, slices: child.slices, siblings }, signal);
  assert.deepEqual(probed.parents, ['base.vmdk']);
  assert.equal(probed.unreadable?.code, 'image-unsupported', 'qemu-img takes a parent only as a file of its own');
});
