import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of a whole file, hexadecimal. */
export async function hashFile(file: string, signal: AbortSignal): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) sum.update(chunk);
  return sum.digest('hex');
}
