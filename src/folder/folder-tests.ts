import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FolderTests, TestDisk, TestStage } from '../contracts/folder-tests.ts';
import { MigrationError } from '../model/errors.ts';
import { writeDurably } from './durable-file.ts';
import { keptGuest } from './kept-guests.ts';
import { keptMachine } from './kept-machines.ts';
import { plainName } from './marker.ts';
import { readHolds, removeHold, writeHold } from './wish-files.ts';

/** Tests of the targets in DIR: what belongs to one is in DIR/<vm>/test. */
export function openFolderTests(folder: string): FolderTests {
  const place = path.resolve(folder);
  const testFolder = (target: string): string => path.join(place, plainName(target), 'test');
  const clear = async (target: string): Promise<void> => {
    const file = testFolder(target);
    await rm(file, { recursive: true, force: true }).catch((cause: unknown) => {
      throw new MigrationError('target-write-failed', `Cannot remove ${file}.`, { file, cause });
    });
  };
  return {
    clear,
    held: () => readHolds(place),
    hold: (target) => writeHold(place, plainName(target)),
    release: (target) => removeHold(place, plainName(target)),
    stage: async (target) => {
      await clear(target);
      await mkdir(testFolder(target), { recursive: true });
      return await stageOf(place, target, testFolder(target));
    },
    writeProgram: async (file, content) => {
      await writeDurably(file, content);
      await chmod(file, 0o755);
    },
  };
}

async function stageOf(place: string, target: string, folder: string): Promise<TestStage> {
  const machine = await keptMachine(place, plainName(target));
  const disks: TestDisk[] = [];
  for (const { persistentVolumeClaim } of machine.spec.template.spec.volumes) {
    const claim = plainName(persistentVolumeClaim.claimName);
    const file = path.join(place, target, 'disks', `${claim}.img`);
    const base = (await isFile(file)) ? file : `${file}.partial`;
    if (!(await isFile(base))) throw new MigrationError('target-changed', `The disk ${claim} of ${target} is gone.`, { file });
    disks.push({ claim, base, overlay: path.join(folder, `${claim}.qcow2`) });
  }
  const guest = await keptGuest(place, plainName(target));
  return { machine, folder, disks, ...(guest && { guest }) };
}

/** Links are not followed. */
async function isFile(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined))?.isFile() === true;
}
