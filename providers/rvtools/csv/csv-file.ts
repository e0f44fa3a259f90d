/** One CSV file: encoding and delimiter are found out, records come in batches. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { MigrationError } from '../../../src/model/errors.ts';
import { CHUNK, MAX_COLUMNS, MAX_ROWS, MAX_TOKEN } from '../limits.ts';

const DELIMITERS = [',', ';', '\t'] as const;
/** Records handed on at once. */
const BATCH = 256;

/**
 * All records, the header first. Blank lines and lines of empty cells are left out.
 * @throws MigrationError `workbook-malformed`, `workbook-too-large`, `descriptor-encoding`, `source-unreadable`
 */
export async function* readCsv(file: string, signal: AbortSignal): AsyncGenerator<readonly (readonly string[])[]> {
  const text = decode(file, signal);
  const first = await text.next();
  if (first.done === true) return;
  const opening = first.value;
  const { delimiter, start } = sniff(opening);
  const parser = parse({
    delimiter,
    max_record_size: MAX_TOKEN,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
  });
  async function* pieces(): AsyncGenerator<string> {
    yield opening.slice(start);
    yield* text;
  }
  const source = Readable.from(pieces(), { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  let batch: string[][] = [];
  let rows = 0;
  try {
    for await (const record of source.pipe(parser)) {
      rows += 1;
      if (rows > MAX_ROWS) throw new MigrationError('workbook-too-large', `The file holds more than ${MAX_ROWS} rows.`, { file });
      if (record.length > MAX_COLUMNS) throw new MigrationError('workbook-malformed', 'A row has too many columns.', { file });
      batch.push(record);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    throw explain(error, file, signal);
  } finally {
    source.destroy();
  }
  if (batch.length > 0) yield batch;
}

/** The file's text in pieces. Excel writes UTF-8 with a mark or UTF-16 (`Unicode text`); without a mark it must be UTF-8. */
async function* decode(file: string, signal: AbortSignal): AsyncGenerator<string, undefined> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK, signal }) as AsyncIterable<Buffer>) {
      decoder ??= new TextDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true });
      const text = decoder.decode(chunk, { stream: true });
      if (text !== '') yield text;
    }
    const rest = decoder?.decode() ?? '';
    if (rest !== '') yield rest;
  } catch (error) {
    throw explain(error, file, signal);
  }
  return undefined;
}

function explain(error: unknown, file: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof MigrationError || !(error instanceof Error)) return error;
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new MigrationError('descriptor-encoding', 'The CSV file is not UTF-8.', {
      file,
      hint: 'Save it as «CSV UTF-8».',
      cause: error,
    });
  }
  if (isCsvError(error)) {
    const hint = error.code === 'CSV_QUOTE_NOT_CLOSED' ? { hint: 'A quote is opened and never closed.' } : {};
    return new MigrationError('workbook-malformed', 'The CSV file cannot be read.', {
      file,
      at: `line ${error['lines']}`,
      ...hint,
      cause: error,
    });
  }
  return new MigrationError('source-unreadable', `The CSV file cannot be read: ${error.message}.`, { file, cause: error });
}

function isCsvError(error: Error): error is CsvError {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('CSV_');
}

/** The delimiter that the first line holds most of, outside quotes, and where the table starts (behind Excel's `sep=;` line). */
function sniff(text: string): { readonly delimiter: string; readonly start: number } {
  const told = /^sep=(.)\r?\n/.exec(text);
  if (told?.[1] !== undefined) return { delimiter: told[1], start: told[0].length };
  const counts = new Map<string, number>(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '\n') break;
    else if (counts.has(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const [delimiter] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [','];
  return { delimiter, start: 0 };
}
