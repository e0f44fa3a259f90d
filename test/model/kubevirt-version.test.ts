import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionOf, versionText } from '../../src/model/kubevirt-version.ts';

test('versions compare by major and minor', () => {
  const versions = ['v1.9.0', '1.10.0-rc.1', '2.0'].map((text) => versionOf(text) ?? 0);
  assert.deepEqual(
    versions.toSorted((a, b) => a - b),
    versions,
  );
  assert.equal(versionText(versionOf('v1.10.3') ?? 0), '1.10');
});

test('what is no version is none', () => {
  for (const text of ['', 'latest', '1', 'v1.x', '1.9beta']) assert.equal(versionOf(text), undefined, text);
});
