/** What all programs that serve NBD on a unix socket have in common: where the socket is, and the wait until somebody listens. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';
import { canceled, systemCode } from '../cancellation.ts';
import type { RunningProgram } from '../program.ts';
import type { Workspace } from '../workspace.ts';
import { connectNbd, type NbdConnection } from './connection.ts';

/** Opening takes milliseconds; a chain of hundreds of layers, or a sleeping disk, takes longer. */
const START_LIMIT_MS = 60_000;
/** Linux: sun_path holds 108 bytes with the closing zero. */
const MAX_SOCKET_PATH = 107;

/**
 * Path of a socket in a workspace; `name` is unique in it.
 * @throws MigrationError `config-invalid`
 */
export function socketIn({ folder }: Workspace, name: string): string {
  const socketPath = path.join(folder, `${name}.sock`);
  if (Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH) return socketPath;
  throw new MigrationError('config-invalid', `The temporary folder's name is too long for a socket: ${folder}`, {
    hint: 'Set TMPDIR to a folder with a shorter name.',
  });
}

export interface AwaitServerOptions {
  readonly name: string;
  readonly socketPath: string;
  /** What the end of the program stands for. */
  readonly explain: (exit: ProgramExit) => MigrationError;
  readonly signal: AbortSignal;
}

/**
 * Connects as soon as the program listens, which none of them announces.
 * @throws what `explain` makes of a program that ends; what connectNbd throws; MigrationError `transfer-tool-failed`, `canceled`
 */
export async function connectWhenReady(server: RunningProgram, options: AwaitServerOptions): Promise<NbdConnection> {
  const { name, socketPath, explain, signal } = options;
  const deadline = performance.now() + START_LIMIT_MS;
  const ended = server.ended.then(() => 'ended' as const);
  while (performance.now() < deadline) {
    try {
      return await connectNbd({ socketPath, exportName: '', signal });
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error;
    }
    if ((await Promise.race([ended, sleep(5)])) !== 'ended') continue;
    throw signal.aborted ? canceled(signal) : explain(await server.ended);
  }
  throw new MigrationError('transfer-tool-failed', `${name} did not listen within a minute.`);
}
