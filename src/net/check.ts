/** One link of the doctor's chain. */
import type { Check } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';

/** Text alone says that all is well. */
export type Finding = string | Pick<Check, 'outcome' | 'finding' | 'todo'>;

/** Runs a test; what the world refuses is a failed check, a bug is thrown. */
export async function attempt(
  { id, label }: Pick<Check, 'id' | 'label'>,
  signal: AbortSignal,
  test: () => Promise<Finding>,
): Promise<Check> {
  try {
    const found = await test();
    return typeof found === 'string' ? { id, label, outcome: 'ok', finding: found } : { id, label, ...found };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MigrationError)) throw error;
    return { id, label, outcome: 'failed', finding: error.message, todo: error.hint };
  }
}
