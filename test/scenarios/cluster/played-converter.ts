/**
 * The entry of a worker whose converter is played: it writes a mark to the beginning of each disk, by the overlays and commits of the real one, and
 * takes seconds instead of minutes. The first try of a VM goes on for ever, so that it can be killed, or for as many seconds as its first argument says;
 * the next one does its work. Everything else is the worker as it is.
 */
import { execFile } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ConverterOptions } from '../../../src/contracts/guest-converter.ts';
import { convertGuest } from '../../../src/convert/convert-guest.ts';
import { convertDisks } from '../../../src/convert/guest/convert.ts';
import type { ConversionRequest } from '../../../src/model/conversion.ts';
import { FileHasher } from '../../../src/transfer/hash-file.ts';
import { createLog, systemClock } from '../../../src/wire.ts';
import { run } from '../../../src/worker/run.ts';
import type { Services } from '../../../src/worker/services.ts';

/** What the converted disks begin with. */
export const MARK = { byte: 0xab, length: 65_536 } as const;
const TRIED = 'tried';
const FIRST_TRY_MS = 1000 * (Number(process.argv[2]) || 600);

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

const convertPlayed: Services['convertGuest'] = async (asked, policy, { keys: _, ...options }) => {
  const tried = path.join(options.workspace, TRIED);
  const converter = {
    inspect: () => Promise.reject(new Error('nobody looks')),
    convert: async (request: ConversionRequest, given: ConverterOptions) =>
      await convertDisks(request, given, async (overlays) => {
        options.onProgress?.({ phase: 'convert', text: 'Picking a kernel' });
        for (const { overlay } of overlays)
          await promisify(execFile)('qemu-io', ['-f', 'qcow2', '-c', `write -P ${MARK.byte} 0 ${MARK.length}`, overlay]);
        if (!(await isThere(tried))) {
          await writeFile(tried, '');
          await sleep(FIRST_TRY_MS);
        }
        return {
          ...{ accelerator: options.accelerator, converter: 'played 1.0', guest: 'Played Linux 1', warnings: ['It is played.'] },
          changes: [{ subject: 'boot', what: 'It boots by virtio.', file: '/boot/initrd' }],
          seconds: [{ phase: 'convert', seconds: 1 }],
        };
      }),
  };
  return await convertGuest(asked, policy, { ...options, converter, hasher: new FileHasher() });
};

if (import.meta.main) {
  const parts = {
    ...{ clock: systemClock, log: createLog('info'), convertGuest: convertPlayed },
    read: async (file: string) => await readFile(file, 'utf8').catch(() => undefined),
    tell: (line: string) => process.stdout.write(`${line}\n`),
    lastWord: async (text: string) => await writeFile('/dev/termination-log', text),
  };
  // An order of another kind is a bug of the test.
  process.exitCode = await run(parts as unknown as Services, new AbortController().signal);
  process.exit();
}
