/** Any way of an image whose files a manifest promises something about: the promises are checked while the way fills the target. */
import { MigrationError } from '../../model/errors.ts';
import type { FileDigest } from '../../model/transfer.ts';
import { DigestCheck } from '../digests/digest-check.ts';
import { SharedReads } from '../limits/shared-reads.ts';
import type { Run, Way } from './way.ts';

/**
 * Opens the way with a run that tells how far it is. Where a file is not as promised that is what is thrown, whatever became of the copy: it is the
 * cause of what is wrong inside.
 * @throws MigrationError `package-digest-mismatch`, `source-changed`; as `open` does
 */
export async function digestsWay(run: Run, digests: readonly FileDigest[], open: (run: Run) => Promise<Way>): Promise<Way> {
  const wrong = new AbortController();
  const over = new AbortController();
  const reads = new SharedReads(run.bandwidth);
  const hashed = reads.reading();
  const signal = AbortSignal.any([run.options.signal, over.signal]);
  const check = new DigestCheck(digests, { thread: run.hashes, signal, pay: (bytes) => hashed.take(bytes, signal) });
  const onProgress: Run['options']['onProgress'] = (progress) => {
    if (progress.stage === 'copy' && progress.total > 0) check.follow(progress.done / progress.total);
    run.options.onProgress(progress);
  };
  const options = { ...run.options, signal: AbortSignal.any([run.options.signal, wrong.signal]), onProgress };
  const way = await blamingFiles(
    () => open({ ...run, bandwidth: reads.reading(), options }),
    () => check.rest(check.run()),
  );
  let checking = Promise.resolve();
  return {
    ...way,
    fill: async (target) => {
      checking = check.run();
      // The copy is stopped by it; what it says is asked for below.
      checking.catch(() => wrong.abort());
      const filled = await blamingFiles(
        () => way.fill(target),
        () => check.rest(checking),
      );
      await check.rest(checking);
      return { ...filled, transport: `${filled.transport}; ${describe(digests)}` };
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await checking.catch(() => undefined);
      await way[Symbol.asyncDispose]();
    },
  };
}

/** Looks at the files first where the content is at fault. */
async function blamingFiles<T>(work: () => Promise<T>, files: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isAboutContent(error)) await files();
    throw error;
  }
}

/** What a damaged file, or a stopped copy of one, can look like. */
function isAboutContent(error: unknown): boolean {
  return error instanceof MigrationError && /^(image-|gzip-|capacity-|canceled$)/.test(error.code);
}

function describe(digests: readonly FileDigest[]): string {
  const [first] = digests;
  if (first === undefined || digests.length > 1) return `${digests.length} files are as the manifest promises`;
  return `${first.name} is as the manifest promises (${first.algorithm})`;
}
