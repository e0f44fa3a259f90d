/** Serves an image read-only through qemu-nbd on a unix socket inside a workspace, for as long as it is held. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';
import { canceled } from '../cancellation.ts';
import { type RunningProgram, startProgram } from '../program.ts';
import { type Blockdev, blockdevName } from '../qemu-img/argv.ts';
import { diagnose } from '../qemu-img/diagnose.ts';
import type { Workspace } from '../workspace.ts';
import type { NbdConnection } from './connection.ts';
import { connectWhenReady, socketIn } from './program-server.ts';

/** A server that hung up ends in less than this, or it has another reason. */
const HANG_UP_MS = 1000;

/**
 * Starts a server for `image` and connects to it. Disposing of the connection ends the server and waits for its end.
 * `name` is unique in the workspace.
 * @throws MigrationError `tool-missing`, `canceled`, or what qemu-nbd says about the image
 */
export async function serveImage(image: Blockdev, options: ServeOptions): Promise<NbdConnection> {
  const socketPath = socketIn(options.workspace, options.name);
  const argv = ['--read-only', `--shared=${options.clients ?? 1}`, `--socket=${socketPath}`, '--', blockdevName(image)];
  const server = await startProgram('qemu-nbd', argv, options.signal);
  server.stdout.resume();
  try {
    return tie(await connect(server, socketPath, options.signal), server);
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
  /** Connections at once, ours among them; 1 when absent. */
  readonly clients?: number;
  readonly signal: AbortSignal;
}

async function connect(server: RunningProgram, socketPath: string, signal: AbortSignal): Promise<NbdConnection> {
  const explain = (exit: ProgramExit): MigrationError => diagnose('qemu-nbd', exit);
  try {
    return await connectWhenReady(server, { name: 'qemu-nbd', socketPath, explain, signal });
  } catch (error) {
    throw await betterReason(server, error, signal);
  }
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
