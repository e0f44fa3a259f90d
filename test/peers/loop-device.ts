/** Real block devices over files, by losetup. Needs root, as the whole check does; where it is not there, this fails and says so. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface LoopDevice extends AsyncDisposable {
  /** `/dev/loopN` */
  readonly path: string;
}

/** A device of the size of `file`, which is whole sectors; what is written to it lands in the file. */
export async function loopDevice(file: string): Promise<LoopDevice> {
  const { stdout } = await execute('losetup', ['--find', '--show', file]);
  const path = stdout.trim();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await execute('losetup', ['--detach', path]);
    },
  };
}
