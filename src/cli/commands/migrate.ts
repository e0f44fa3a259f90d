import { type Command, Option } from 'commander';
import type { Connection } from '../../contracts/provider.ts';
import { migrateAll } from '../../migrate.ts';
import type { Report } from '../../model/report.ts';
import { REPORT_FORMATS, type ReportFormat, renderReport } from '../../report/index.ts';
import { type Accepted, addAcceptOption, openCritical } from '../accept-options.ts';
import { addYes, type ConfirmFlags } from '../cluster/confirm.ts';
import { migrateToCluster } from '../cluster/migrate.ts';
import { addPlanOptions, type PlanFlags } from '../cluster/plan-options.ts';
import type { CommandContext } from '../context.ts';
import { addLimitOptions, followLimits, type LimitFlags, type Limits, readLimits } from '../limit-options.ts';
import { addProgressOptions, createObserver, type ProgressFlags } from '../observer.ts';
import { atOnce, toOneTarget } from '../parallel-options.ts';
import { addMapOptions, type MapOptions, prepareReport } from '../request.ts';
import { addShutdownOptions, type ShutdownFlags, shutdownOptions } from '../shutdown-options.ts';
import { withSource } from '../source-options.ts';

interface MigrateOptions extends MapOptions, LimitFlags, ProgressFlags, ShutdownFlags, PlanFlags, ConfirmFlags {
  readonly to: string;
  readonly resume: boolean;
  readonly verify: boolean;
  readonly recheckSource: boolean;
  readonly accept: readonly Accepted[];
  readonly detach: boolean;
  readonly parallelVms: number;
  readonly output: ReportFormat;
}

/** What `--to` says instead of a folder; a folder of that name is `./cluster`. */
const CLUSTER = 'cluster';

/** `kubeferry migrate SOURCE [VM…] --to DIR|cluster`: manifests, raw disks and the proof, or a plan that the operator carries out. */
export function migrateCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('migrate <source> [vms...]')
    .description(
      'migrate to a folder (KubeVirt manifests, raw disks, report), or into a cluster by a plan that its operator carries out',
    )
    .requiredOption(
      '--to <dir|cluster>',
      'folder that receives everything (empty, or with --resume an interrupted migration), or the word cluster',
    )
    .option('--resume', 'go on with an interrupted migration; what is proven is not copied again', false)
    .option('--no-verify', 'do not read source and target again to compare them')
    .option('--recheck-source', 'read every source a second time and compare: finds what a link or a medium got wrong', false)
    .addOption(new Option('--parallel-vms <n>', 'VMs at once, 1–64').argParser(atOnce).default(4))
    .addOption(new Option('-o, --output <format>', 'report format on stdout').choices(REPORT_FORMATS).default('text'));
  addPlanOptions(command).option('--detach', 'leave the plan to the operator instead of following it', false);
  addMapOptions(addProgressOptions(addLimitOptions(addShutdownOptions(addAcceptOption(addYes(command)))))).action(
    async (source: string, vms: string[], options: MigrateOptions) => {
      if (options.to === CLUSTER) return await migrateToCluster(source, vms, { options, command }, context);
      // Before a long inventory, so that a wrong file is told at once.
      const limits = await readLimits(options);
      await withSource(source, options, context, async (connection) => {
        const assumed = { ...options, atOnce: toOneTarget(limits.queue) };
        const prepared = await prepareReport(connection, vms, assumed, context);
        const open = openCritical(prepared, options.accept);
        if (open.length > 0) {
          context.terminal.out(renderReport(prepared, options.output, 'concerns'));
          context.terminal.err(
            `kubeferry: nothing was migrated: Critical concerns are open (${open.join(', ')}).\n  to do: resolve them, or accept each with --accept ID.\n`,
          );
          context.exit(1);
          return;
        }
        const report = await carryOut(prepared, connection, { ...options, now: limits }, context);
        context.terminal.out(renderReport(report, options.output, 'concerns'));
        context.exit(report.vms.every(({ progress }) => progress?.phase === 'Completed') ? 0 : 3);
      });
    },
  );
}

async function carryOut(
  report: Report,
  connection: Connection,
  options: MigrateOptions & { readonly now: Limits },
  context: CommandContext,
): Promise<Report> {
  const { services, signal } = context;
  const { target, store } = services.openFolder(options.to);
  await using destination = target;
  await using observer = await createObserver(options, context);
  using bandwidth = services.bandwidth(options.now.bandwidth);
  const transfers = services.queue(options.now.queue);
  await using _ = followLimits(options, options.now, {
    apply: (changed) => {
      bandwidth.change(changed.bandwidth);
      transfers.limit(changed.queue);
    },
    tell: (text) => observer.note(text),
  });
  return await migrateAll(report, {
    connection,
    destination,
    store,
    observer,
    signal,
    copier: services.copier(bandwidth, options.vddkLibdir),
    transfers,
    vms: services.queue({ perPlan: options.parallelVms }),
    clock: services.clock,
    ...shutdownOptions(options),
    verify: options.verify,
    recheckSource: options.recheckSource,
    resume: options.resume,
  });
}
