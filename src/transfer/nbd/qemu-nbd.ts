/** Serves an image read-only through qemu-nbd on a unix socket inside a workspace, for as long as it is held. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../model/errors.ts';
import { canceled, systemCode } from '../cancellation.ts';
import { type RunningProgram, startProgram } from '../program.ts';
import { type Blockdev, blockdevName } from '../qemu-img/argv.ts';
import { diagnose } from '../qemu-img/diagnose.ts';
import type { Workspace } from '../workspace.ts';
import { connectNbd, type NbdConnection } from './connection.ts';

/** Opening takes milliseconds; a chain of hundreds of layers, or a sleeping disk, takes longer. */
const START_LIMIT_MS = 60_000;
/** A server that hung up ends in less than this, or it has another reason. */
const HANG_UP_MS = 1000;
/** Linux: sun_path holds 108 bytes with the closing zero. */
const MAX_SOCKET_PATH = 107;

/**
 * Starts a server for `image` and connects to it. Disposing of the connection ends the server and waits for its end.
 * `name` is unique in the workspace.
 * @throws MigrationError `tool-missing`, `canceled`, or what qemu-nbd says about the image
 */
export async function serveImage(image: Blockdev, options: ServeOptions): Promise<NbdConnection> {
  const socketPath = path.join(options.workspace.folder, `${options.name}.sock`);
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    throw new MigrationError(
      'config-invalid',
      `The temporary folder's name is too long for a socket: ${options.workspace.folder}`,
      {
        hint: 'Set TMPDIR to a folder with a shorter name.',
      },
    );
  }
  const argv = ['--read-only', '--shared=1', `--socket=${socketPath}`, '--', blockdevName(image)];
  const server = await startProgram('qemu-nbd', argv, options.signal);
  server.stdout.resume();
  try {
    return tie(await connectWhenReady(server, socketPath, options.signal), server);
  } catch (error) {
    server.kill();
    await server.ended;
    throw error;
  }
}

export interface ServeOptions {
  readonly workspace: Workspace;
  /** File name of the socket without its ending. */
  readonly name: string;
  readonly signal: AbortSignal;
}

async function connectWhenReady(server: RunningProgram, socketPath: string, signal: AbortSignal): Promise<NbdConnection> {
  const deadline = performance.now() + START_LIMIT_MS;
  const ended = server.ended.then(() => 'ended' as const);
  while (performance.now() < deadline) {
    try {
      return await connectNbd({ socketPath, exportName: '', signal });
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw await betterReason(server, error, signal);
    }
    // qemu-nbd does not say when it listens.
    if ((await Promise.race([ended, sleep(5)])) !== 'ended') continue;
    throw signal.aborted ? canceled(signal) : diagnose('qemu-nbd', await server.ended);
  }
  throw new MigrationError('transfer-tool-failed', 'qemu-nbd did not open the image within a minute.');
}

/** qemu-nbd listens before it opens the image: when it hangs up and ends, what it said is the reason. */
async function betterReason(server: RunningProgram, error: unknown, signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return canceled(signal);
  const exit = await Promise.race([server.ended, sleep(HANG_UP_MS)]);
  return exit === undefined ? error : diagnose('qemu-nbd', exit);
}

function tie(connection: NbdConnection, server: RunningProgram): NbdConnection {
  return {
    size: connection.size,
    allocation: (offset, length) => connection.allocation(offset, length),
    read: (offset, buffer) => connection.read(offset, buffer),
    [Symbol.asyncDispose]: async () => {
      await connection[Symbol.asyncDispose]();
      server.kill();
      await server.ended;
    },
  };
}
