/** One process at a time works in a folder. */
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';
import { isCode } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

export interface Lock extends AsyncDisposable {
  readonly file: string;
}

/**
 * Takes the folder for this process. A lock whose process is gone (kill -9, power cut) is taken over.
 * @throws MigrationError `target-occupied` naming the process that works there
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const file = path.join(folder, STATE_FOLDER, 'lock');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (await tryLock(file)) return { file, [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    const owner = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
    if (isAlive(owner)) {
      throw new MigrationError('target-occupied', `Process ${owner} is migrating to ${folder}.`, {
        file: folder,
        hint: `Wait for it to end. If process ${owner} is no kubeferry, remove ${file}.`,
      });
    }
    await rm(file, { force: true });
  }
  throw new MigrationError('target-occupied', `Another process has just begun to migrate to ${folder}.`, { file: folder });
}

/** The process that works in the folder; undefined when none does. */
export async function lockOwner(folder: string): Promise<number | undefined> {
  const owner = Number.parseInt(await readFile(path.join(folder, STATE_FOLDER, 'lock'), 'utf8').catch(() => ''), 10);
  return isAlive(owner) ? owner : undefined;
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(`${process.pid}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}
