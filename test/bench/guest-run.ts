/** Conversions of copied guests in a process of its own: `node guest-run.ts`, with a GuestRun as JSON in KUBEFERRY_BENCH_GUEST. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { guestConverter } from '../../src/convert/guest/converter.ts';
import type { Accelerator, ConversionRequest } from '../../src/model/conversion.ts';

export interface GuestRun {
  readonly accelerator: Accelerator;
  readonly cacheFolder: string;
  /** Converted at the same time; each with a folder for its workspace, and for `result.json` at the end. */
  readonly guests: readonly { readonly request: ConversionRequest; readonly folder: string }[];
}

if (import.meta.main) {
  const { accelerator, cacheFolder, guests }: GuestRun = JSON.parse(process.env['KUBEFERRY_BENCH_GUEST'] ?? '');
  const { signal } = new AbortController();
  await Promise.all(
    guests.map(async ({ request, folder }) => {
      const result = await guestConverter({ cacheFolder }).convert(request, { workspace: folder, accelerator, signal });
      await writeFile(path.join(folder, 'result.json'), JSON.stringify(result));
    }),
  );
}
