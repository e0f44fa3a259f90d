/** A process that makes one attempt, and may be killed while it does. */
import { type Attempt, perform } from './attempt.ts';

process.on('message', async (attempt: Attempt) => {
  await perform(attempt, (told) => process.send?.(told));
  process.disconnect();
});
process.send?.('ready');
