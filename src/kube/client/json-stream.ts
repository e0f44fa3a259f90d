/** Bodies of answers: bytes, JSON, and lines of a watch. All are bounded. */
import type { Readable } from 'node:stream';

export class OversizedError extends Error {
  override readonly name = 'OversizedError';
}

/** @throws OversizedError, and SyntaxError where it is no JSON */
export async function readJson(stream: Readable, maxBytes: number): Promise<unknown> {
  return JSON.parse((await readBytes(stream, maxBytes)).toString());
}

/** @throws OversizedError */
export async function readBytes(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new OversizedError(`More than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const NEWLINE = 0x0a;

/** One value a line; a last line that is cut is dropped. @throws OversizedError, and SyntaxError where a line is no JSON */
export async function* readJsonLines(stream: Readable, maxBytes: number): AsyncGenerator<unknown, void, undefined> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      begun.push(chunk.subarray(from, end));
      from = end + 1;
      const line = Buffer.concat(begun).toString();
      begun = [];
      size = 0;
      if (line.trim() !== '') yield JSON.parse(line);
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxBytes) throw new OversizedError(`A line of more than ${maxBytes} bytes.`);
  }
}
