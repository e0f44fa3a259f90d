/** What a report sealed about one disk, for a look at that disk wherever it is now. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { DiskHasher, KeptDisk, KeptDisks } from '../contracts/verification.ts';
import { MigrationError } from '../model/errors.ts';
import type { TransferResult } from '../model/transfer.ts';
import { MiB } from '../model/units.ts';

/** Reports of ten thousand VMs with all their fields are about as large. */
const MOST_BYTES = 500 * MiB;

/** What matters here of a TransferResult (src/model/transfer.ts); other fields are let be. */
const Result = z.object({
  job: z.string().min(1),
  size: z.int().min(0),
  moved: z.int().min(0),
  allocated: z.int().min(0),
  seconds: z.number(),
  transport: z.string(),
  proof: z
    .object({
      algorithm: z.literal('sha256'),
      blockSize: z.int().min(1),
      root: z.string().regex(/^[0-9a-f]{64}$/),
      size: z.int().min(0),
      allocated: z.int().min(0),
    })
    .exactOptional(),
});
const Progress = z.object({ transfers: z.array(Result) });
/** A report (`-o json`, report.json), a line of `-o ndjson`, the state of one VM, or the result of one disk. */
const Sealed = z.union([
  z
    .object({ vms: z.array(z.object({ progress: Progress.exactOptional() })) })
    .transform(({ vms }) => vms.flatMap(({ progress }) => progress?.transfers ?? [])),
  z.object({ progress: Progress }).transform(({ progress }) => progress.transfers),
  Progress.transform(({ transfers }) => transfers),
  Result.transform((result) => [result]),
]);

/** The disk at `place` as the report's one of this name, which may be left out where it holds one only. */
export function sealedDisk(
  place: string,
  { report, disk, hasher }: { readonly report: string; readonly disk: string | undefined; readonly hasher: DiskHasher },
): KeptDisks {
  const file = path.resolve(place);
  return {
    name: file,
    list: async (): Promise<readonly KeptDisk[]> => {
      const result = await sealedResult(report, disk);
      const found = await hasher.look(file);
      const [vm = '', ...key] = result.job.split('/');
      const about = { id: result.job, vm, disk: key.join('/'), path: file, result };
      return [{ ...about, size: found?.size, ...(found?.device && { device: true }) }];
    },
  };
}

/**
 * What a report says about its disk of this name, which may be left out where it seals one only.
 * @throws MigrationError `config-invalid`, `vm-not-found`
 */
export async function sealedResult(report: string, disk: string | undefined): Promise<TransferResult> {
  return choose(await readResults(report), disk, report);
}

function choose(results: readonly TransferResult[], disk: string | undefined, file: string): TransferResult {
  const fitting = disk === undefined ? results : results.filter(({ job }) => job === disk);
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  const held = results.map(({ job }) => job);
  throw new MigrationError(
    'vm-not-found',
    only === undefined
      ? `The report seals ${disk === undefined ? 'no disk' : `no disk ${disk}`}.`
      : `The report seals ${fitting.length} disks.`,
    {
      file,
      hint: `Name with --disk one of: ${held.slice(0, 20).join(', ')}${held.length > 20 ? ', …' : ''}.`,
    },
  );
}

/** @throws MigrationError `config-invalid` */
async function readResults(file: string): Promise<readonly TransferResult[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readBounded(file));
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause;
    const why = cause instanceof SyntaxError ? 'The report is no JSON.' : 'The report cannot be read.';
    throw new MigrationError('config-invalid', why, { file, cause });
  }
  const parsed = Sealed.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new MigrationError('config-invalid', 'The file is no report of kubeferry, and no part of one.', {
    file,
    hint: 'Give report.json of the migrated folder, what `-o json` printed, or the result of one disk.',
  });
}

async function readBounded(file: string): Promise<string> {
  await using handle = await open(file, 'r');
  if ((await handle.stat()).size <= MOST_BYTES) return await handle.readFile('utf8');
  throw new MigrationError('config-invalid', 'The file is larger than any report.', { file });
}
