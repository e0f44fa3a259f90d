/** The JSON lines in a file of their own, while a person looks at the bars. */
import type { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { Display } from './display.ts';
import { JsonLines } from './json-lines.ts';

/**
 * Appends to the file. What cannot be written later (a full disk) is lost: it does not stop a migration.
 * @throws MigrationError `config-invalid` when it cannot be opened
 */
export async function openJsonFile(file: string, clock: Clock): Promise<Display> {
  let stream: ReturnType<typeof createWriteStream>;
  try {
    stream = (await open(file, 'a')).createWriteStream();
  } catch (cause) {
    throw new MigrationError('config-invalid', 'The file for the progress cannot be written.', { file, cause });
  }
  const ended = finished(stream).catch(() => undefined);
  return new JsonFile(
    (line) => void stream.write(line),
    clock,
    () => {
      stream.end();
      return ended;
    },
  );
}

class JsonFile extends JsonLines {
  readonly #close: () => Promise<void>;

  constructor(write: (line: string) => void, clock: Clock, close: () => Promise<void>) {
    super(write, clock);
    this.#close = close;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
