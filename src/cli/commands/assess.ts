import { type Command, Option } from 'commander';
import { REPORT_FORMATS, type ReportFormat, renderParts } from '../../report/index.ts';
import type { CommandContext } from '../context.ts';
import { addFailOn, addMapOptions, exitFor, type FailOn, type MapOptions, prepareReport, readRequest } from '../request.ts';
import { withSource } from '../source-options.ts';

interface AssessOptions extends MapOptions {
  readonly output: ReportFormat;
  readonly failOn: FailOn;
}

/** `kubeferry assess SOURCE [VM…]`: the concerns alone. */
export function assessCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('assess <source> [vms...]')
    .description('say what stands in the way of a migration, and what to do about it')
    .addOption(new Option('-o, --output <format>', 'report format on stdout').choices(REPORT_FORMATS).default('text'));
  addFailOn(addMapOptions(command)).action(async (source: string, vms: string[], options: AssessOptions) => {
    const report = await withSource(source, options, context, async (connection) =>
      prepareReport(connection, await readRequest(vms, options, context), context),
    );
    for (const part of renderParts(report, options.output, 'concerns')) context.terminal.out(part);
    context.exit(exitFor(report, options.failOn));
  });
}
