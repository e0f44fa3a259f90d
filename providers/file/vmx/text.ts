/** Text in the character set that it names itself, as VMware writes .vmx, .vmsd and VMDK descriptors. Pure. */
import { MigrationError } from '../../../src/model/errors.ts';

/**
 * Decodes by the line `.encoding = "…"` (VMX) or `encoding="…"` (VMDK); without one as UTF-8 where it is valid, else windows-1252.
 * @throws MigrationError `descriptor-encoding` for a character set that is unknown or does not fit the bytes
 */
export function decodeText(bytes: Buffer, file: string): string {
  const label = declaredEncoding(bytes);
  if (label !== undefined) return decodeAs(label, bytes, file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The character set that the text names; undefined when it names none. */
export function declaredEncoding(bytes: Buffer): string | undefined {
  return /^[ \t]*\.?encoding[ \t]*=[ \t]*"?([\w.-]{1,40})"?/im.exec(bytes.toString('latin1'))?.[1];
}

/** @throws MigrationError `descriptor-encoding` */
export function decodeAs(label: string, bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MigrationError('descriptor-encoding', `${file} says it is ${label}, which is unknown or not true`, { file, cause });
  }
}
