/** A TPM 2.0 for one run: swtpm with an empty state, as KubeVirt starts it beside its machines. */
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';
import { startProgram } from '../guest/program.ts';

/** Until its socket is there. */
const PATIENCE_MS = 10_000;

/**
 * Undefined where swtpm is not installed.
 * @throws MigrationError `boot-machine-failed` when it does not start
 */
export async function startTpm(
  sockets: string,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly socket: string; readonly ended: Promise<ProgramExit> } | undefined> {
  const socket = path.join(sockets, 'tpm');
  const state = path.join(folder, 'tpm');
  await mkdir(state, { mode: 0o700 });
  const argv = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`, '--terminate'];
  const program = await startProgram('swtpm', argv, { signal }).catch((error: unknown) => {
    if (error instanceof MigrationError && error.code === 'tool-missing') return undefined;
    throw error;
  });
  if (program === undefined) return undefined;
  program.stdin.end();
  program.stdout.resume();
  program.reports.resume();
  let exit: ProgramExit | undefined;
  const ended = program.ended.then((value) => {
    exit = value;
    return value;
  });
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isThere(socket))) {
    if (exit !== undefined || performance.now() > deadline) {
      throw new MigrationError('boot-machine-failed', `swtpm does not start: ${exit?.stderr ?? 'its socket is missing'}`);
    }
    await pause(50, undefined, { signal });
  }
  return { socket, ended };
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
