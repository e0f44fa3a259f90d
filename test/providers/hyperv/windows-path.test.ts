import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { below, fold, longest, parseWindowsPath, shareOf } from '../../../providers/hyperv/windows-path.ts';

test('drives, shares, volumes and the long forms of them are told apart from what is no path', () => {
  for (const [text, root, parts] of [
    ['C:\\VMs\\web.vhdx', 'c:', ['VMs', 'web.vhdx']],
    ['c:/VMs//web.vhdx', 'c:', ['VMs', 'web.vhdx']],
    ['C:\\', 'c:', []],
    ['\\\\?\\D:\\VMs\\web.vhdx', 'd:', ['VMs', 'web.vhdx']],
    ['\\\\FS1\\VMs$\\web\\a.vhdx', '\\\\fs1\\vms$', ['web', 'a.vhdx']],
    ['//fs1/vms/a.vhdx', '\\\\fs1\\vms', ['a.vhdx']],
    ['\\\\?\\UNC\\FS1\\VMs\\a.vhdx', '\\\\fs1\\vms', ['a.vhdx']],
    [
      '\\\\?\\Volume{4c1b02c1-D990-11dc-99ae-806e6f6e6963}\\a.vhdx',
      '\\\\?\\volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}',
      ['a.vhdx'],
    ],
    ['C:\\ClusterStorage\\Volume1\\Büro 1\\a.vhdx', 'c:', ['ClusterStorage', 'Volume1', 'Büro 1', 'a.vhdx']],
  ] as const) {
    assert.deepEqual(parseWindowsPath(text), { root, parts }, text);
  }
  for (const text of [
    '',
    'C:',
    'C:web.vhdx',
    'web.vhdx',
    '\\VMs\\web.vhdx',
    '/mnt/vms',
    '\\\\fs1',
    '\\\\fs1\\',
    '\\\\.\\PhysicalDrive2',
    '\\\\?\\GLOBALROOT\\Device\\x',
    'C:\\VMs\\..\\Windows\\SAM',
    'C:\\VMs\\.. \\SAM',
    'C:\\VMs\\...\\SAM',
    'C:\\VMs\\.\\a.vhdx',
    '\\\\fs1\\vms\\..\\c$\\a.vhdx',
    'C:\\VMs\\a.vhdx:stream',
    'C:\\VMs\\a*.vhdx',
    'C:\\VMs\\a\u0000.vhdx',
    'Disk 2 100.00 GB Bus 0 Lun 1 Target 0',
  ]) {
    assert.equal(parseWindowsPath(text), undefined, text);
  }
});

function path(text: string) {
  return parseWindowsPath(text) ?? assert.fail(text);
}

test('a folder matches whole parts, in any case, and nothing beside it', () => {
  assert.deepEqual(below(path('C:\\VMs\\Web\\a.vhdx'), path('c:\\vms')), ['Web', 'a.vhdx']);
  assert.deepEqual(below(path('C:\\VMs'), path('C:\\VMs\\')), []);
  assert.deepEqual(below(path('C:\\Büro\\a.vhdx'), path('C:\\BÜRO')), ['a.vhdx']);
  for (const [file, folder] of [
    ['C:\\VMs2\\a.vhdx', 'C:\\VMs'],
    ['C:\\VM\\a.vhdx', 'C:\\VMs'],
    ['D:\\VMs\\a.vhdx', 'C:\\VMs'],
    ['C:\\a.vhdx', 'C:\\VMs'],
    ['\\\\fs1\\vms2\\a.vhdx', '\\\\fs1\\vms'],
    ['C:\\straße\\a.vhdx', 'C:\\STRASSE'],
    ['C:\\\u212alm\\a.vhdx', 'C:\\klm'],
    ['C:\\\u017fhare\\a.vhdx', 'C:\\share'],
  ] as const) {
    assert.equal(below(path(file), path(folder)), undefined, `${file} in ${folder}`);
  }
});

test('the longest folder wins, and the first of two that are the same', () => {
  const folders = ['C:\\', 'C:\\VMs', 'c:\\vms\\', 'C:\\VMs\\web', 'C:\\VMs\\web2', 'no path'];
  const found = longest(path('C:\\VMs\\WEB\\a.vhdx'), folders, parseWindowsPath);
  assert.deepEqual(found, { candidate: 'C:\\VMs\\web', rest: ['a.vhdx'] });
  assert.equal(longest(path('C:\\VMs\\db\\a.vhdx'), folders, parseWindowsPath)?.candidate, 'C:\\VMs');
  assert.equal(longest(path('D:\\a.vhdx'), folders, parseWindowsPath), undefined);
});

test('server and share are those that a path begins with', () => {
  assert.deepEqual(shareOf(path('\\\\FS1.corp\\VMs\\a.vhdx')), { server: 'fs1.corp', share: 'vms' });
  assert.equal(shareOf(path('C:\\VMs\\a.vhdx')), undefined);
});

const name = fc.string({ minLength: 1, unit: 'grapheme', maxLength: 8 }).filter((text) => !/[\\/]/.test(text));
const anyPath = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom('C:\\', 'd:/', '\\\\fs\\s\\', '\\\\?\\C:\\', '\\\\?\\UNC\\a\\b\\', '//x/y/', 'C:'),
      fc.array(fc.oneof(name, fc.constantFrom('..', '.', '', 'a:b', ' ', 'VMs'))),
    )
    .map(([root, parts]) => root + parts.join('\\')),
);

test('whatever is taken for a path stays below its root: no part climbs, is empty or ends another one', () => {
  fc.assert(
    fc.property(anyPath, (text) => {
      const found = parseWindowsPath(text);
      if (found === undefined) return;
      for (const part of found.parts) {
        assert.ok(part !== '' && !/[\\/:*?"<>|]/.test(part) && !/^[. ]*$/.test(part), JSON.stringify(text));
      }
      // Written anew it is the same.
      assert.deepEqual(parseWindowsPath(`${found.root}\\${found.parts.join('\\')}`), found);
      assert.deepEqual(below(found, found), []);
    }),
    { numRuns: 2000 },
  );
});

test('a path is below a folder exactly when its first parts are the same to Windows', () => {
  const parts = fc.array(fc.constantFrom('VMs', 'vms', 'VMS', 'web', 'Web2', 'Ä', 'ä', 'ß', 'ss'), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (file, folder) => {
      const found = below({ root: 'c:', parts: file }, { root: 'c:', parts: folder });
      const same = (part: string): string => (part === 'ß' ? part : part.toUpperCase());
      const isIn = folder.length <= file.length && folder.every((part, at) => same(part) === same(file[at] ?? ''));
      assert.deepEqual(found, isIn ? file.slice(folder.length) : undefined);
    }),
  );
});

test('names that were made one stay one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(fold(fold(text)), fold(text));
      assert.equal(fold(text).length, text.length);
      // ASCII comes from ASCII only.
      assert.deepEqual(
        [...fold(text)].filter((letter) => letter < '\x80').length,
        [...text].filter((letter) => letter < '\x80').length,
      );
    }),
  );
});
