/** Extended header records of pax: `25 path=a-long-name.vmdk\n`. Pure. */
import { type TarPlace, tarMalformed } from './tar-header.ts';

/** What of a pax header matters here. */
export interface PaxFields {
  readonly path?: string;
  readonly size?: number;
}

/** Reads the records of one extended header. @throws MigrationError `tar-malformed` */
export function parsePax(bytes: Buffer, place: TarPlace): PaxFields {
  const fields: { path?: string; size?: number } = {};
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== 0) {
    const space = bytes.indexOf(0x20, offset);
    const length = space > offset && space - offset < 10 ? Number(bytes.toString('latin1', offset, space)) : Number.NaN;
    const end = offset + length;
    if (!Number.isSafeInteger(length) || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw tarMalformed('a pax header that cannot be read', place);
    }
    const record = bytes.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals < 1) throw tarMalformed('a pax header that cannot be read', place);
    readRecord(record.slice(0, equals), record.slice(equals + 1), fields, place);
    offset = end;
  }
  return fields;
}

function readRecord(key: string, value: string, fields: { path?: string; size?: number }, place: TarPlace): void {
  if (key === 'path') fields.path = value;
  if (key === 'size') {
    if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value)))
      throw tarMalformed('a pax header with an unreadable size', place);
    fields.size = Number(value);
  }
  // A sparse member's bytes are not where its size says.
  if (key.startsWith('GNU.sparse.')) throw tarMalformed('a sparse member, which cannot be read in place', place);
}
