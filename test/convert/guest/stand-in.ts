/**
 * A conversion whose converter is qemu-io: `node stand-in.ts WORKSPACE DISK…`. It runs until it is done or killed and says on
 * stdout how far it is. Run by convert.test.ts, which kills it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { convertDisks, type Work } from '../../../src/convert/guest/convert.ts';

const run = promisify(execFile);

export const writeSevens: Work = async (overlays) => {
  for (const { overlay } of overlays) {
    for (const write of ['write -P 7 1M 6M', 'write -P 7 12M 1M', 'write -z 14M 1M']) {
      await run('qemu-io', ['-f', 'qcow2', '-c', write, overlay]);
    }
  }
  return { accelerator: 'tcg', converter: 'stand-in 1', changes: [], warnings: [], seconds: [] };
};

if (import.meta.main) {
  const [workspace = '', ...files] = process.argv.slice(2);
  await convertDisks(
    { vm: 'guest', copy: 'first', disks: files.map((file, at) => ({ key: `disk${at}`, path: file })) },
    {
      workspace,
      signal: new AbortController().signal,
      onProgress: ({ text }) => process.stdout.write(`${text}\n`),
    },
    async (overlays) => {
      process.stdout.write('converting\n');
      const done = await writeSevens(overlays);
      process.stdout.write('written\n');
      return done;
    },
  );
  process.stdout.write('converted\n');
}
