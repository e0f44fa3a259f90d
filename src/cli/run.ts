import { CommanderError } from 'commander';
import { describePlace, MigrationError } from '../model/errors.ts';
import type { ExitCode } from './context.ts';
import { buildProgram } from './program.ts';
import type { Services, Terminal } from './services.ts';

/**
 * Runs one command line without the program's name. Errors of the world become a message and an exit code;
 * a bug is thrown on with its stack.
 */
export async function run(
  args: readonly string[],
  services: Services,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  function exit(wanted: ExitCode): void {
    code = wanted;
  }
  const program = buildProgram({ services, terminal, signal, exit });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (signal.aborted && !(error instanceof MigrationError && error.code !== 'canceled')) {
      terminal.err('kubeferry: canceled.\n');
      return 3;
    }
    if (error instanceof MigrationError) {
      terminal.err(errorText(error));
      services.log.debug({ code: error.code, cause: String(error.cause ?? '') }, 'command failed');
      return error.exit;
    }
    throw error;
  }
}

/** Three lines at most: what, where, what to do. */
function errorText(error: MigrationError): string {
  const place = describePlace(error.place);
  const lines = [`kubeferry: ${error.message} [${error.code}]`];
  if (place !== '') lines.push(`  where: ${place}`);
  if (error.hint !== '') lines.push(`  to do: ${error.hint}`);
  return `${lines.join('\n')}\n`;
}
