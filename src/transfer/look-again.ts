import type { JobTarget } from './job-target.ts';
import { hashTarget } from './proof.ts';
import { distrust } from './prove-target.ts';
import type { Run } from './ways/way.ts';

/**
 * Looks at all of a target that was handed out and is taken back: a conversion, or the VM itself, may have written to it. What is not as it was
 * left is dirty from then on, so that a delta brings it from the source; everything else is proven anew.
 * @returns blocks that are not as they were left
 * @throws MigrationError `target-write-failed`, `tool-missing`, `canceled`
 */
export async function lookAgain({ job, workspace, workers, options }: Run, target: JobTarget): Promise<number> {
  const { writer, journal } = target;
  const found = await hashTarget(writer.path, { job, workspace, workers, ...options });
  const touched = [...journal.hashes.differences(found)];
  if (touched.length > 0) await distrust(target, touched);
  await journal.prove(Array.from({ length: found.count }, (_, block) => block));
  await journal.reopen();
  return touched.length;
}
