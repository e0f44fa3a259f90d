/** What a worker says while it works: a line of JSON now and then. */
import type { TransferProgress } from '../../model/transfer.ts';
import { textAt } from '../facts/json.ts';

export function isProgress(line: unknown): line is TransferProgress {
  return textAt(line, 'job') !== undefined && /^(copy|prove)$/.test(textAt(line, 'stage') ?? '');
}
