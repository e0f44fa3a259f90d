/** What a qemu program's last words mean. Pure. Programs run with LC_ALL=C, so that the system's part of the text is English. */
import type { ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';

/** First match wins. Texts as qemu 7.2 to 11 write them. */
const MEANINGS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left on device|Disk quota exceeded|File too large/i, 'target-full'],
  [/error while writing|Could not open '[^']*\.partial/i, 'target-write-failed'],
  [/error while reading|Input\/output error|Stale file handle/i, 'source-read-failed'],
  [/Permission denied|Operation not permitted/i, 'source-unreadable'],
  [/No such file or directory/i, 'source-changed'],
  [/Failed to get .*lock|Is another process using the image/i, 'source-changed'],
  [/not supported|unsupported|Unknown (protocol|driver)|does not support|encrypt/i, 'image-unsupported'],
  [/invalid|corrupt|checksum|Bad |Could not read (the )?(header|snapshots|L1)|malformed|not in .* format/i, 'image-malformed'],
];

/**
 * The error that a program's end stands for. Its message ends with what the program said, without the `json:` names, which
 * can be long and say nothing to a person.
 */
export function diagnose(program: string, exit: ProgramExit): MigrationError {
  const said = exit.stderr.replaceAll(/'?json:\{.*\}'?/g, 'the image').replaceAll(/\s+/g, ' ');
  const code = MEANINGS.find(([pattern]) => pattern.test(exit.stderr))?.[1] ?? 'transfer-tool-failed';
  const how = exit.killedBy === undefined ? `status ${exit.status}` : `signal ${exit.killedBy}`;
  return new MigrationError(code, `${program} failed (${how})${said === '' ? '' : `: ${said.slice(-1000)}`}`);
}
