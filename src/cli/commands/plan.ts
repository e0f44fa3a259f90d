import { type Command, Option } from 'commander';
import { MigrationError } from '../../model/errors.ts';
import { planFiles, planYaml } from '../../report/folder.ts';
import { REPORT_FORMATS, type ReportFormat, renderParts } from '../../report/index.ts';
import {
  addPlanOptions,
  isReachable,
  NO_LIMITS,
  type PlanFlags,
  type Prepared,
  planObjects,
  requireReachable,
} from '../cluster/plan-options.ts';
import type { CommandContext } from '../context.ts';
import { addParallelOptions, limitsOf, type ParallelFlags } from '../parallel-options.ts';
import { addFailOn, addMapOptions, exitFor, type FailOn, type MapOptions, prepareReport, readRequest } from '../request.ts';
import { addScheduleOptions } from '../schedule-options.ts';
import type { Terminal } from '../services.ts';
import { withSource } from '../source-options.ts';
import { streamVms } from '../stream-vms.ts';

interface PlanOptions extends MapOptions, PlanFlags, Partial<ParallelFlags> {
  readonly output: ReportFormat | 'yaml' | 'ndjson';
  readonly failOn: FailOn;
  readonly out?: string;
}

/** `kubeferry plan SOURCE [VM…]`: the dry run. */
export function planCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plan <source> [vms...]')
    .description('dry run: every field that is kept, changed or dropped, and the manifests')
    .addOption(
      new Option(
        '-o, --output <format>',
        'report format on stdout; yaml: the custom resources of a plan, for kubectl; ndjson streams one VM a line',
      )
        .choices([...REPORT_FORMATS, 'yaml', 'ndjson'])
        .default('text'),
    )
    .addOption(
      new Option(
        '--out <dir>',
        'also write a GitOps-ready folder: manifests, kustomization, report, and in plan/ the custom resources that make an operator do it',
      ),
    );
  addFailOn(addParallelOptions(addMapOptions(addScheduleOptions(addPlanOptions(command))), 'Predictions:')).action(
    async (source: string, vms: string[], given: PlanOptions) => {
      const options = { ...given, atOnce: limitsOf(given) };
      if (options.output === 'ndjson') return await streamVms(source, vms, options, context);
      // Before a long inventory: what the cluster could never reach is told at once.
      if (options.output === 'yaml') requireReachable(source, options);
      const request = await readRequest(vms, options, context);
      const report = await withSource(source, options, context, (connection) => prepareReport(connection, request, context));
      await tell({ source, vms, request, report }, { ...options, output: options.output }, context);
      context.exit(exitFor(report, options.failOn));
    },
  );
}

async function tell(
  prepared: Prepared,
  options: PlanOptions & { readonly output: ReportFormat | 'yaml' },
  { services, terminal }: CommandContext,
): Promise<void> {
  const { report } = prepared;
  if (options.out !== undefined) {
    await using target = services.openFolder(options.out).target;
    await target.render(report, resourceFiles(prepared, options, terminal));
  }
  if (options.output === 'yaml') {
    const { provider, plan, secrets } = planObjects(prepared, options, NO_LIMITS);
    return terminal.out(planYaml([provider, plan], secrets));
  }
  for (const part of renderParts(report, options.output, 'full')) terminal.out(part);
}

/** None where the cluster cannot reach the source, or a plan cannot say what was asked for: the rest of the folder is right all the same. */
function resourceFiles(prepared: Prepared, options: PlanOptions, terminal: Terminal): ReturnType<typeof planFiles> {
  if (!isReachable(prepared.source, options)) return [];
  try {
    const { provider, plan, secrets } = planObjects(prepared, options, NO_LIMITS);
    return planFiles(prepared.report, [provider, plan], secrets);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    terminal.err(`kubeferry: the folder holds no custom resources: ${error.message}\n`);
    return [];
  }
}
