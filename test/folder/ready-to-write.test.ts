import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readyToWrite } from '../../src/folder/ready-to-write.ts';
import { fakePlan } from '../fakes/vm.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-ready-'));
after(() => rm(folder, { recursive: true, force: true }));

const warm = { ...fakePlan(), type: 'warm' } as const;
const fileOf = (disk: string): string => path.join(folder, 'disks', `${disk.replaceAll(/\W/g, '-')}.img`);

test('disks that are where they were copied to are ready, finished or not; one that is gone is told before the shutdown', async () => {
  const options = { folder, files: [{ path: 'web/vm.yaml', content: 'kind: VirtualMachine\n' }], fileOf };
  const disks = warm.mapping.placements.map(({ disk }) => disk);
  assert.ok(disks.length > 0);
  await mkdir(path.join(folder, 'disks'));
  for (const disk of disks) await writeFile(`${fileOf(disk)}.partial`, '');
  await readyToWrite(warm, options);
  for (const disk of disks) await rename(`${fileOf(disk)}.partial`, fileOf(disk));
  await readyToWrite(warm, options);
  await rm(fileOf(disks[0] ?? ''));
  await assert.rejects(readyToWrite(warm, options), { code: 'target-changed', place: { file: fileOf(disks[0] ?? '') } });
  await readyToWrite(fakePlan(), options);
});

test('files that have no room are told before the shutdown', async () => {
  // A file system that never has any.
  const nothing = '/proc';
  await assert.rejects(readyToWrite(fakePlan(), { folder: nothing, files: [{ path: 'a', content: 'x' }], fileOf }), {
    code: 'target-full',
    place: { file: nothing },
  });
});
