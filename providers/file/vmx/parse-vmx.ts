/** The text of a .vmx, .vmtx or .vmsd: one `key = "value"` a line. Pure. */
import { MigrationError } from '../../../src/model/errors.ts';
import { declaredEncoding, decodeAs, decodeText } from './text.ts';

/** Larger descriptors are refused before they are read. */
export const MAX_VMX_BYTES = 10 * 1024 * 1024;

export interface VmxEntry {
  /** As written; VMware takes keys without regard to case. */
  readonly key: string;
  readonly value: string;
}

/**
 * Entries by lower-case key, in the order of the text. A key that is set twice to two values is an error, as it is to VMware.
 * @throws MigrationError `vmx-malformed` with the line, `descriptor-encoding`
 */
export function parseVmx(bytes: Buffer, file: string): ReadonlyMap<string, VmxEntry> {
  if (bytes.includes(0)) throw malformed(file, 'the file is not text');
  const encoding = declaredEncoding(bytes) ?? 'utf-8';
  const entries = new Map<string, VmxEntry>();
  for (const [index, raw] of decodeText(bytes, file).split('\n').entries()) {
    const line = raw.replace(/^\uFEFF/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const found = splitLine(line);
    if (found === undefined) throw malformed(file, `line ${index + 1} is not key = "value"`, index + 1);
    const { key } = found;
    const value = unescapeBars(found.value, encoding, file);
    const earlier = entries.get(key.toLowerCase());
    if (earlier !== undefined && earlier.value !== value) throw malformed(file, `line ${index + 1} sets ${key} again`, index + 1);
    entries.set(key.toLowerCase(), { key, value });
  }
  return entries;
}

/** By hand, because a pattern would take quadratic time for a line of a million blanks. */
function splitLine(line: string): VmxEntry | undefined {
  const equals = line.indexOf('=');
  const key = line.slice(0, Math.max(equals, 0)).trim();
  if (key === '' || /["#]/.test(key)) return undefined;
  const rest = line.slice(equals + 1).trim();
  if (!rest.startsWith('"')) {
    const value = (rest.split('#', 1)[0] ?? '').trim();
    return value.includes('"') ? undefined : { key, value };
  }
  const end = rest.indexOf('"', 1);
  const tail = rest.slice(end + 1).trim();
  return end > 0 && (tail === '' || tail.startsWith('#')) ? { key, value: rest.slice(1, end) } : undefined;
}

/** `|22` is a quotation mark, `|7C` a bar, `|0A` a line feed; other bytes are in the file's character set. */
function unescapeBars(text: string, encoding: string, file: string): string {
  return text.replaceAll(/(?:\|[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('|', ''), 'hex');
    return bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : decodeAs(encoding, bytes, file);
  });
}

function malformed(file: string, what: string, line?: number): MigrationError {
  return new MigrationError('vmx-malformed', `${file}: ${what}`, { file, ...(line !== undefined && { at: `line ${line}` }) });
}
