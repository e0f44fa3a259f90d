/** The only home of pino: JSON lines on stderr. */
import { pino } from 'pino';
import type { Log, LogLevel } from './contracts/log.ts';

/** Field names whose values never reach a log, at the top and one level down. */
const SECRET_NAMES = [
  'password',
  'passwd',
  'secret',
  'token',
  'cookie',
  'authorization',
  'credentials',
  'privateKey',
  'passphrase',
];

/** A log that writes to `stream`, by default to file descriptor 2, synchronously so that a crash loses nothing. */
export function createLog(
  initial: LogLevel,
  stream: { write(text: string): void } = pino.destination({ fd: 2, sync: true }),
): Log {
  let level = initial;
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const log = pino(
    {
      level: initial,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    get level() {
      return level;
    },
    set level(wanted) {
      level = wanted;
      log.level = wanted;
    },
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
