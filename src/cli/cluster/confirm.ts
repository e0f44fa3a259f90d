/** Asks before something that cannot be taken back. */
import { type Command, Option } from 'commander';
import { MigrationError } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';

export interface ConfirmFlags {
  readonly yes: boolean;
}

export function addYes(command: Command): Command {
  return command.addOption(new Option('-y, --yes', 'do not ask').default(false, 'asks on a terminal'));
}

/**
 * False where a person says no.
 * @param what will happen, as sentences
 * @throws MigrationError `usage` where nobody can be asked
 */
export async function confirm(
  what: string,
  { yes }: ConfirmFlags,
  { services, terminal, signal }: CommandContext,
): Promise<boolean> {
  terminal.err(`${what}\n`);
  if (yes) return true;
  const { ask } = services.credentials;
  if (ask === undefined) {
    throw new MigrationError('usage', 'Nothing was changed: nobody can be asked here.', { hint: 'Say --yes.' });
  }
  const answer = await ask('Go on? [y/N] ', { hidden: false, signal });
  if (/^y(es)?$/i.test(answer.trim())) return true;
  terminal.err('Nothing was changed.\n');
  return false;
}
