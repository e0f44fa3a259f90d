/** What the parsers of this folder throw. */
import { MigrationError } from '../../model/errors.ts';

export function brokenToken(what: string): MigrationError {
  return new MigrationError('source-answer-broken', `The server sent a login token that cannot be read: ${what}`);
}
