/** Every golden manifest is one that KubeVirt creates and starts. A wrong golden is named with the field that KubeVirt objects to. */
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type AdmissionVerdict, type AnyManifest, admitAll, ON_FROM_1_9, objections } from './kubevirt.ts';

const GOLDEN = join(import.meta.dirname, '..', 'golden');

const files = (await Array.fromAsync(glob('*/expected.json', { cwd: GOLDEN }))).toSorted();
const manifests = new Map<string, readonly AnyManifest[]>();
for (const file of files) manifests.set(file, manifestsIn(JSON.parse(await readFile(join(GOLDEN, file), 'utf8'))));

/** Whatever looks like a Kubernetes object, at any depth. */
function manifestsIn(value: unknown): readonly AnyManifest[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isManifest(value)) return [value];
  return Object.values(value).flatMap(manifestsIn);
}

function isManifest(value: object): value is AnyManifest {
  return 'apiVersion' in value && 'kind' in value && 'metadata' in value;
}

describe('golden manifests', () => {
  let verdicts: readonly AdmissionVerdict[];

  before(async () => {
    if (manifests.size > 0) verdicts = await admitAll([...manifests.values()].flat(), { gates: ON_FROM_1_9 });
  });

  it('are there', { todo: files.length === 0 && 'no golden has been written yet' }, () => {
    assert.notEqual(files.length, 0);
  });

  let first = 0;
  for (const [file, found] of manifests) {
    const from = first;
    first += found.length;
    it(`of ${dirname(file)} are created and started by KubeVirt`, () => {
      assert.notEqual(found.length, 0, `${file} holds no manifest`);
      assert.deepEqual(verdicts.slice(from, from + found.length).flatMap(objections), []);
    });
  }
});
