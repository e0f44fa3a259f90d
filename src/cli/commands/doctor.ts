import { type Command, Option } from 'commander';
import type { Check } from '../../contracts/provider.ts';
import { printable } from '../../report/columns.ts';
import type { CommandContext } from '../context.ts';
import { HYPERV_GROUP, requireHyperv } from '../hyperv-options.ts';
import { addSourceOptions, connectOptions, type SourceOptions } from '../source-options.ts';

interface DoctorOptions extends SourceOptions {
  readonly output: 'text' | 'json';
  readonly tryCheckpoint?: string;
}

/** `kubeferry doctor SOURCE`: every link that a migration needs, from the first to the last. */
export function doctorCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor <source>')
    .description('test every link that a migration needs and name what is broken')
    .addOption(new Option('-o, --output <format>', 'json is one array').choices(['text', 'json']).default('text'));
  addSourceOptions(command)
    .addOption(
      new Option(
        '--try-checkpoint <vm>',
        'experimental: give this VM a checkpoint for a moment, and read its disks as a warm migration would',
      ).helpGroup(HYPERV_GROUP),
    )
    .action(async (source: string, options: DoctorOptions) => {
      const checks: Check[] = [];
      for await (const check of checksOf(source, options, context)) {
        checks.push(check);
        if (options.output === 'text') context.terminal.out(textOf(check));
      }
      if (options.output === 'json') context.terminal.out(`${JSON.stringify(checks, null, 2)}\n`);
      context.exit(checks.some(({ outcome }) => outcome === 'failed') ? 3 : 0);
    });
}

async function* checksOf(source: string, options: DoctorOptions, context: CommandContext): AsyncGenerator<Check> {
  const { tryCheckpoint } = options;
  if (tryCheckpoint !== undefined) {
    requireHyperv(source, '--try-checkpoint');
    context.terminal.err(`kubeferry: ${printable(tryCheckpoint)} gets two checkpoints for a moment; both are taken back.\n`);
  }
  const known = await connectOptions(source, options, context);
  yield* context.services.diagnose(source, { ...known, ...(tryCheckpoint !== undefined && { tryCheckpoint }) });
  if (options.vddkLibdir !== undefined) yield await context.services.checkVddk(options.vddkLibdir, context.signal);
  yield* context.services.checkGuestTools(context.signal);
}

const MARKS: Readonly<Record<Check['outcome'], string>> = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', skipped: 'skipped' };

function textOf({ outcome, label, finding, todo }: Check): string {
  const line = `${MARKS[outcome].padEnd(8)} ${label}: ${printable(finding)}\n`;
  return todo === undefined ? line : `${line}${' '.repeat(9)}to do: ${printable(todo)}\n`;
}
