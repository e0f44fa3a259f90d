/** A local image shown to another program of this machine as raw bytes, read-only, by an NBD server on a unix socket. */
import type { ImageSource } from '../../../model/transfer.ts';
import { socketIn } from '../../nbd/program-server.ts';
import { serveImage } from '../../nbd/qemu-nbd.ts';
import { stageImage } from '../../qemu-img/stage.ts';
import { openWorkspace } from '../../workspace.ts';

export interface ShownImage extends AsyncDisposable {
  /** Absolute path of the unix socket; its default export is the disk. */
  readonly socket: string;
}

const NAME = 'shown';
/** Ours, and those of a program that opens it once or twice more to look at it. */
const CLIENTS = 8;

/**
 * Undefined for what can be read from its beginning only.
 * @throws MigrationError as openImageReader
 */
export async function showImage(source: ImageSource, signal: AbortSignal): Promise<ShownImage | undefined> {
  if (source.layers.some(({ gzip }) => gzip !== undefined)) return undefined;
  const workspace = await openWorkspace();
  try {
    const image = await stageImage(source, workspace, signal);
    const server = await serveImage(image, { workspace, name: NAME, clients: CLIENTS, signal });
    return {
      socket: socketIn(workspace, NAME),
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await workspace[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}
