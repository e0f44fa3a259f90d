/**
 * A private temporary folder (mode 0700) for sockets and descriptors of a few hundred bytes, never for disk content.
 * It is removed in every outcome; folders of processes that were killed are removed by the next one.
 */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';
import { systemCode } from './cancellation.ts';

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
}

const PREFIX = 'kubeferry';

/**
 * Makes a workspace under the system's temporary folder. Names carry process id and pid namespace of their owner.
 * @throws MigrationError `config-invalid` when that folder cannot be used
 */
export async function openWorkspace(): Promise<Workspace> {
  const mark = `${PREFIX}-${await pidNamespace()}-`;
  const folder = await make(mark);
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function make(mark: string): Promise<string> {
  try {
    await removeOrphans(mark);
    return await mkdtemp(path.join(os.tmpdir(), `${mark}${process.pid}-`));
  } catch (cause) {
    throw new MigrationError('config-invalid', `The temporary folder ${os.tmpdir()} cannot be used (${systemCode(cause)}).`, {
      hint: 'Set TMPDIR to a folder that can be written.',
      cause,
    });
  }
}

/** Process ids mean something only inside their namespace: two containers may share one /tmp. */
async function pidNamespace(): Promise<string> {
  try {
    return (await readlink('/proc/self/ns/pid')).replaceAll(/\D/g, '');
  } catch {
    return '0';
  }
}

async function removeOrphans(mark: string): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(mark)) continue;
    const pid = Number.parseInt(name.slice(mark.length), 10);
    if (!(pid > 0) || isAlive(pid)) continue;
    // Somebody else's folder cannot be removed and need not be.
    await rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}
