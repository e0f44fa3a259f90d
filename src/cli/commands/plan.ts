import { type Command, Option } from 'commander';
import { REPORT_FORMATS, type ReportFormat, renderParts } from '../../report/index.ts';
import type { CommandContext } from '../context.ts';
import { addParallelOptions, limitsOf, type ParallelFlags } from '../parallel-options.ts';
import { addFailOn, addMapOptions, exitFor, type FailOn, type MapOptions, prepareReport } from '../request.ts';
import { withSource } from '../source-options.ts';
import { streamVms } from '../stream-vms.ts';

interface PlanOptions extends MapOptions, Partial<ParallelFlags> {
  readonly output: ReportFormat | 'ndjson';
  readonly failOn: FailOn;
  readonly out?: string;
}

/** `kubeferry plan SOURCE [VM…]`: the dry run. */
export function planCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plan <source> [vms...]')
    .description('dry run: every field that is kept, changed or dropped, and the manifests')
    .addOption(
      new Option('-o, --output <format>', 'report format on stdout; ndjson streams one VM a line')
        .choices([...REPORT_FORMATS, 'ndjson'])
        .default('text'),
    )
    .addOption(new Option('--out <dir>', 'also write a GitOps-ready folder: manifests, kustomization, report'));
  addFailOn(addParallelOptions(addMapOptions(command), 'Predictions:')).action(async (source: string, vms: string[], given: PlanOptions) => {
    const options = { ...given, atOnce: limitsOf(given) };
    const { output } = options;
    if (output === 'ndjson') return await streamVms(source, vms, options, context);
    const report = await withSource(source, options, context, (connection) => prepareReport(connection, vms, options, context));
    if (options.out !== undefined) {
      await using target = context.services.openFolder(options.out).target;
      await target.render(report);
    }
    for (const part of renderParts(report, output, 'full')) context.terminal.out(part);
    context.exit(exitFor(report, options.failOn));
  });
}
