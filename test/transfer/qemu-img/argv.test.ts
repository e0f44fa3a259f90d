import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockdevName, fileNode, imageNode, sliceNode } from '../../../src/transfer/qemu-img/argv.ts';

test('every format names its driver, so that nothing is ever guessed from content', () => {
  const drivers = (['raw', 'vmdk', 'vhd', 'vhdx', 'qcow2', 'vdi'] as const).map(
    (format) => imageNode(format, fileNode('/a'), null).driver,
  );
  assert.deepEqual(drivers, ['raw', 'vmdk', 'vpc', 'vhdx', 'qcow2', 'vdi']);
});

test('formats that can have a parent always say which one, or that there is none', () => {
  assert.deepEqual(imageNode('qcow2', fileNode('/a'), null), {
    driver: 'qcow2',
    file: { driver: 'file', filename: '/a' },
    backing: null,
  });
  const child = imageNode('vmdk', fileNode('/child'), imageNode('vmdk', fileNode('/parent'), null));
  assert.match(
    blockdevName(child),
    /"backing":\{"driver":"vmdk","file":\{"driver":"file","filename":"\/parent"\},"backing":null\}/,
  );
});

test('a VHD is read by its current size and not by its geometry', () => {
  assert.match(blockdevName(imageNode('vhd', fileNode('/a'), null)), /"force_size_calc":"current_size"/);
});

test('a slice is raw bytes of a file', () => {
  assert.deepEqual(sliceNode('/a.ova', 1536, 1024), {
    driver: 'raw',
    offset: 1536,
    size: 1024,
    file: { driver: 'file', filename: '/a.ova' },
  });
});

test('a name with any characters survives as JSON', () => {
  const name = '/x/a,b="c" \\ \n-o.img';
  const image = blockdevName(fileNode(name));
  assert.equal(JSON.parse(image.slice('json:'.length)).filename, name);
});
