import { type Command, Option } from 'commander';
import type { Clock } from '../../contracts/clock.ts';
import type { Connection } from '../../contracts/provider.ts';
import { migrateAll } from '../../migrate.ts';
import { MigrationError } from '../../model/errors.ts';
import { isMigrated } from '../../model/phase.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { Report } from '../../model/report.ts';
import { type PrepareRequest, prepareAgain } from '../../prepare.ts';
import { REPORT_FORMATS, type ReportFormat, renderReport } from '../../report/index.ts';
import { type Accepted, addAcceptOption, openCritical } from '../accept-options.ts';
import { refuseCommit } from '../cluster/commit-options.ts';
import { addYes, type ConfirmFlags } from '../cluster/confirm.ts';
import { migrateToCluster } from '../cluster/migrate.ts';
import { addPlanOptions, type PlanFlags } from '../cluster/plan-options.ts';
import type { CommandContext } from '../context.ts';
import { addLimitOptions, followLimits, type LimitFlags, type Limits, readLimits } from '../limit-options.ts';
import { addProgressOptions, createObserver, type ProgressFlags } from '../observer.ts';
import { atOnce, toOneTarget } from '../parallel-options.ts';
import { type AskedRequest, addMapOptions, type MapOptions, prepareReport, readRequest } from '../request.ts';
import { addScheduleOptions, saysWhen } from '../schedule-options.ts';
import { addShutdownOptions, type ShutdownFlags, shutdownOptions } from '../shutdown-options.ts';
import { withSource } from '../source-options.ts';

interface MigrateOptions extends MapOptions, LimitFlags, ProgressFlags, ShutdownFlags, PlanFlags, ConfirmFlags {
  readonly to: string;
  readonly resume: boolean;
  readonly verify: boolean;
  readonly recheckSource: boolean;
  readonly proveAll: boolean;
  readonly accept: readonly Accepted[];
  readonly detach: boolean;
  readonly parallelVms: number;
  readonly parallelGuests: number;
  readonly output: ReportFormat;
}

/** Predictions end where the VM is written out: there a proof alone boots it. */
const INTO_A_FOLDER: PrepareRequest['forecast'] = { boots: false };

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
    .option(
      '--resume',
      'go on with an interrupted migration: what is proven is not copied again, a schedule that is not given again is kept',
      false,
    )
    .option('--no-verify', 'do not read source and target again to compare them')
    .option('--recheck-source', 'read every source a second time and compare: finds what a link or a medium got wrong', false)
    .option(
      '--prove-all',
      'read all of a warm disk back at its cutover, not only what its passes have not read since they wrote it: finds what others did to it, while the VM waits',
      false,
    )
    .addOption(new Option('--parallel-vms <n>', 'VMs at once, 1–64').argParser(atOnce).default(4))
    .addOption(
      new Option('--parallel-guests <n>', 'guests converted or watched at once, 1–64; each takes up to 3 GiB of memory')
        .argParser(atOnce)
        .default(1),
    )
    .addOption(new Option('-o, --output <format>', 'report format on stdout').choices(REPORT_FORMATS).default('text'));
  addPlanOptions(command).option('--detach', 'leave the plan to the operator instead of following it', false);
  addScheduleOptions(command);
  addMapOptions(addProgressOptions(addLimitOptions(addShutdownOptions(addAcceptOption(addYes(command)))))).action(
    async (source: string, vms: string[], options: MigrateOptions) => {
      if (options.to === CLUSTER) return await migrateToCluster(source, vms, { options, command }, context);
      refuseCommit(options);
      // Before a long inventory, so that a wrong file is told at once.
      const limits = await readLimits(options);
      const asked = await readRequest(vms, { ...options, atOnce: toOneTarget(limits.queue) }, context);
      const known = options.resume ? await goOn(asked, options, context) : asked;
      const request = { ...known, forecast: { ...known.forecast, ...INTO_A_FOLDER, ...(await emulation(known, context)) } };
      await withSource(source, options, context, async (connection) => {
        const prepared = await prepareReport(connection, request, context);
        const open = openCritical(prepared, options.accept);
        if (open.length > 0) {
          context.terminal.out(renderReport(prepared, options.output, 'concerns'));
          context.terminal.err(
            `kubeferry: nothing was migrated: Critical concerns are open (${open.join(', ')}).\n  to do: resolve them, or accept each with --accept ID.\n`,
          );
          context.exit(1);
          return;
        }
        const report = await carryOut(prepared, { connection, request, options, limits }, context);
        context.terminal.out(renderReport(report, options.output, 'concerns'));
        context.exit(report.vms.every(({ progress }) => isMigrated(progress?.phase)) ? 0 : 3);
      });
    },
  );
}

/** Most of the time of a conversion is decided by it. Nobody tries it out for guests that are left alone. */
async function emulation(
  { guests }: AskedRequest,
  { services, signal }: CommandContext,
): Promise<Pick<PrepareRequest['forecast'], 'accelerator'>> {
  const choices = guests === undefined ? [] : [guests.others, ...guests.byVm.values()];
  const isNeeded = choices.some(({ conversion, proof }) => proof !== undefined || conversion?.policy === 'convert');
  return isNeeded ? { accelerator: await services.accelerator(signal) } : {};
}

/** What is not said again stays as it was: a VM that waits for a word is not cut over because --resume said nothing about it. */
async function goOn(asked: AskedRequest, options: MigrateOptions, { services }: CommandContext): Promise<AskedRequest> {
  const { target } = services.openFolder(options.to);
  const begun = await target.begun();
  const kept = saysWhen(options) ? undefined : await target.schedule();
  const isWarm = begun.values().some(({ type }) => type === 'warm');
  return { ...asked, begun, ...(isWarm && { type: 'warm' }), ...(kept && { schedule: kept }) };
}

interface Work {
  readonly connection: Connection;
  readonly request: PrepareRequest;
  readonly options: MigrateOptions;
  /** As they are when it begins. */
  readonly limits: Limits;
}

async function carryOut(report: Report, work: Work, context: CommandContext): Promise<Report> {
  const { connection, options, limits, request } = work;
  const { services } = context;
  const folder = services.openFolder(options.to);
  await using destination = folder.target;
  await using wishes = await folder.wishes({
    schedule: request.schedule,
    plans: report.vms.map(({ plan }) => plan),
  });
  await using observer = await createObserver(options, context);
  using bandwidth = services.bandwidth(limits.bandwidth);
  const transfers = services.queue(limits.queue);
  await using _ = followLimits(options, limits, {
    apply: (changed) => {
      bandwidth.change(changed.bandwidth);
      transfers.limit(changed.queue);
    },
    tell: (text) => observer.note(text),
  });
  wishes.stuck.addEventListener('abort', () => observer.note(STUCK), { once: true });
  return await migrateAll(report, {
    ...{ connection, destination, store: wishes.store, wishes, observer },
    signal: AbortSignal.any([context.signal, wishes.stuck]),
    leave: wishes.stuck,
    replan: (plan, signal) => planAnew(plan, work, { clock: services.clock, signal }),
    copier: services.copier(bandwidth, options.vddkLibdir),
    transfers,
    ...folder.guests(services.queue({ perPlan: options.parallelGuests })),
    vms: services.queue({ perPlan: options.parallelVms }),
    clock: services.clock,
    ...shutdownOptions(options),
    verify: options.verify,
    recheckSource: options.recheckSource,
    proveAll: options.proveAll,
    resume: options.resume,
  });
}

const STUCK = 'What is left waits for VMs of its group that failed. It stays where it is: see to them, then go on with --resume.';

/** @throws MigrationError `disks-changed` where the VM as it is now has Critical concerns that nobody accepted */
async function planAnew(
  plan: VmPlan,
  { connection, request, options }: Work,
  about: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<VmPlan> {
  const entry = await prepareAgain(connection, plan, request, about);
  const open = openCritical({ concerns: [], vms: [entry] }, options.accept);
  if (open.length === 0) return entry.plan;
  throw new MigrationError(
    'disks-changed',
    `${plan.vm.name} has Critical concerns since its disks changed: ${open.join(', ')}.`,
    {
      hint: 'Resolve them, or accept each with --accept ID; then go on with --resume.',
    },
  );
}
