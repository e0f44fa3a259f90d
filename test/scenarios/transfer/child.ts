/** A process that makes one attempt, and may be killed while it does. */
import { type Attempt, hurryCommits, perform } from './attempt.ts';

hurryCommits();
const abort = new AbortController();
process.on('message', async (message: Attempt | 'abort') => {
  if (message === 'abort') return abort.abort();
  const outcome = await perform(message, abort.signal);
  process.send?.(outcome, () => process.disconnect());
});
process.send?.('ready');
