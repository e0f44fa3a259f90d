import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coordinator, mappedFile, namedFile, readMappings, sharedFile } from '../../../providers/hyperv/disk-files.ts';
import { parseWindowsPath } from '../../../providers/hyperv/windows-path.ts';
import { MigrationError } from '../../../src/model/errors.ts';

function path(text: string) {
  return parseWindowsPath(text) ?? assert.fail(text);
}

const SHARES = [
  { name: 'ADMIN$', path: 'C:\\Windows', special: true },
  { name: 'C$', path: 'C:\\', special: true },
  { name: 'VMs', path: 'C:\\VMs', special: false },
  { name: 'Fast', path: 'c:\\vms\\fast', special: false },
  { name: 'Volume1', path: 'C:\\ClusterStorage\\Volume1\\', special: false },
];

test('what the user says of a folder becomes a share, a folder of one, or a mounted path', () => {
  const folders = readMappings([
    { from: 'C:\\VMs', to: '\\\\FS1\\VMs' },
    { from: 'C:\\VMs\\fast', to: 'smb://fs2:4450/Fast/disks' },
    { from: '\\\\sofs\\vms', to: '/mnt/sofs/' },
    { from: 'D:\\', to: '//fs3/d$' },
    { from: 'E:\\', to: 'smb://[fe80::1]/e%24' },
  ]);
  for (const [file, expected] of [
    ['C:\\VMs\\Web\\a.vhdx', { kind: 'smb', server: 'fs1', share: 'vms', path: 'Web/a.vhdx' }],
    ['c:\\vms\\FAST\\a.vhdx', { kind: 'smb', server: 'fs2', share: 'fast', port: 4450, path: 'disks/a.vhdx' }],
    ['\\\\SOFS\\VMs\\web\\a.vhdx', { kind: 'mounted', path: '/mnt/sofs/web/a.vhdx' }],
    ['D:\\a.vhdx', { kind: 'smb', server: 'fs3', share: 'd$', path: 'a.vhdx' }],
    ['E:\\a.vhdx', { kind: 'smb', server: 'fe80::1', share: 'e$', path: 'a.vhdx' }],
  ] as const) {
    assert.deepEqual(mappedFile(path(file), folders)?.file, expected, file);
  }
  assert.equal(mappedFile(path('C:\\VMs2\\a.vhdx'), folders), undefined);
  assert.match(mappedFile(path('C:\\VMs\\a.vhdx'), folders)?.because ?? '', /^C:\\VMs was said to be there$/);
});

test('a mapping that says nothing is refused before anything is opened', () => {
  for (const [from, to] of [
    ['VMs', '/mnt/vms'],
    ['C:', '/mnt/vms'],
    ['/mnt/vms', 'C:\\VMs'],
    ['C:\\VMs', 'mnt/vms'],
    ['C:\\VMs', '\\\\fs1'],
    ['C:\\VMs', 'smb://fs1'],
    ['C:\\VMs', 'smb://anna:secret@fs1/vms'],
    ['C:\\VMs', ''],
  ] as const) {
    assert.throws(
      () => readMappings([{ from, to }]),
      (error: unknown) => error instanceof MigrationError && error.code === 'config-invalid' && !error.message.includes('secret'),
      `${from} to ${to}`,
    );
  }
});

test('a share that somebody made goes before an administrative one, the longest first', () => {
  const host = { address: 'hv1.corp', shares: SHARES };
  for (const [file, share, rest] of [
    ['C:\\VMs\\web\\a.vhdx', 'VMs', 'web/a.vhdx'],
    ['C:\\VMs\\Fast\\a.vhdx', 'Fast', 'a.vhdx'],
    ['C:\\VMs2\\a.vhdx', 'C$', 'VMs2/a.vhdx'],
    ['C:\\ClusterStorage\\Volume1\\web\\a.vhdx', 'Volume1', 'web/a.vhdx'],
    ['C:\\ClusterStorage\\Volume10\\a.vhdx', 'C$', 'ClusterStorage/Volume10/a.vhdx'],
    // Its share is hidden from the list.
    ['E:\\disks\\a.vhdx', 'E$', 'disks/a.vhdx'],
  ] as const) {
    assert.deepEqual(sharedFile(path(file), host)?.file, { kind: 'smb', server: 'hv1.corp', share, path: rest }, file);
  }
  assert.match(sharedFile(path('E:\\a.vhdx'), host)?.because ?? '', /administrative share E\$ of hv1\.corp/);
  assert.equal(sharedFile(path('\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\a.vhdx'), host), undefined);
});

test('a path on a file server names its share itself', () => {
  assert.deepEqual(namedFile(path('\\\\SOFS\\VMs\\web\\a.vhdx'))?.file, {
    kind: 'smb',
    server: 'sofs',
    share: 'vms',
    path: 'web/a.vhdx',
  });
  assert.equal(namedFile(path('\\\\sofs\\vms')), undefined);
  assert.equal(namedFile(path('C:\\a.vhdx')), undefined);
});

test('files of a cluster volume are asked of the node that coordinates it', () => {
  const volumes = [
    { path: 'C:\\', kind: 'local' as const, owner: 'HV9' },
    { path: 'C:\\ClusterStorage\\Volume1\\', kind: 'csv' as const, owner: 'HV2' },
    { path: 'C:\\ClusterStorage\\Volume2\\', kind: 'csv' as const },
  ];
  assert.equal(coordinator(path('C:\\ClusterStorage\\volume1\\a.vhdx'), volumes), 'HV2');
  assert.equal(coordinator(path('C:\\ClusterStorage\\Volume2\\a.vhdx'), volumes), undefined);
  assert.equal(coordinator(path('C:\\VMs\\a.vhdx'), volumes), undefined);
});

test('no file of the source leads out of the folder that it is mapped to', () => {
  const folders = readMappings([{ from: 'C:\\VMs', to: '/mnt/vms' }]);
  const parts = fc.array(
    fc.oneof(fc.constantFrom('..', '.', '...', '.. ', '', '/', '~', 'web'), fc.string({ unit: 'binary', maxLength: 6 })),
  );
  fc.assert(
    fc.property(parts, fc.constantFrom('\\', '/'), (names, separator) => {
      const found = parseWindowsPath(`C:\\VMs\\${names.join(separator)}`);
      const file = found === undefined ? undefined : mappedFile(found, folders)?.file;
      if (file === undefined) return;
      assert.ok(file.path.startsWith('/mnt/vms/') && file.path.length > '/mnt/vms/'.length);
      assert.ok(!file.path.split('/').includes('..'));
    }),
    { numRuns: 300 },
  );
});
