import { type Command, Option } from 'commander';
import type { ClusterPlans } from '../../contracts/plans.ts';
import { MigrationError } from '../../model/errors.ts';
import { type PlanState, standingOf, type VmState } from '../../model/plan-state.ts';
import { planLine, plansTable, planTable } from '../../report/index.ts';
import { renderYaml } from '../../report/yaml.ts';
import { EXITS, followPlan } from '../cluster/follow.ts';
import { paced } from '../cluster/paces.ts';
import { addPlanAccess, namedBy, type PlanAccess, planRef, requirePlan, selectVms, withPlans } from '../cluster/plan-access.ts';
import { Screen } from '../cluster/screen.ts';
import type { CommandContext } from '../context.ts';
import { showFolder } from '../folder/status.ts';

interface StatusOptions extends PlanAccess {
  readonly watch: boolean;
  readonly allNamespaces: boolean;
  readonly output: 'table' | 'json' | 'yaml';
}

/** VMs that a table names where nothing says how many there is room for. */
const LINES = 60;
const DRAW_EVERY_MS = 500;

/** `kubeferry status [PLAN|DIR [VM…]]`: how far plans in a cluster are, or a migration to a folder. */
export function statusCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('status [plan] [vms...]')
    .description('show how far plans in the cluster are; with a plan, its VMs; with a folder, the migration in it')
    .option('-w, --watch', 'follow until the end of the plan; the exit code is then that of `migrate`', false)
    .option('-A, --all-namespaces', 'plans of all namespaces', false)
    .addOption(
      new Option('-o, --output <format>', 'on stdout; json and yaml hold every VM')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    );
  addPlanAccess(command).action(async (plan: string | undefined, vms: string[], options: StatusOptions) => {
    if (options.watch && options.output !== 'table') throw new MigrationError('usage', '--watch goes with -o table only.');
    const migration = plan === undefined ? undefined : await context.services.openMigration(plan);
    if (migration !== undefined) {
      if (options.watch) throw new MigrationError('usage', '--watch goes with plans in a cluster only.');
      return await showFolder(migration, { words: vms, output: options.output }, context);
    }
    await withPlans(options, context, async (plans) => {
      if (plan === undefined) return await (options.watch ? watchAll : showAll)(plans, options, context);
      return await (options.watch ? watchOne : showOne)(plan, vms, { plans, options, context });
    });
  });
}

async function showAll(
  plans: ClusterPlans,
  options: StatusOptions,
  { terminal, services, signal }: CommandContext,
): Promise<void> {
  const all = await plans.list(scopeOf(options, plans), signal);
  if (options.output !== 'table') return terminal.out(written({ plans: all }, options.output));
  if (all.length === 0) return terminal.err(`No plans ${placeOf(options, plans)}.\n`);
  const size = terminal.size?.('out');
  const table = plansTable(all, {
    now: services.clock.now(),
    namespaces: options.allNamespaces,
    bars: size !== undefined,
    ...widthOf(size),
  });
  terminal.out(`${table.join('\n')}\n`);
}

async function watchAll(
  plans: ClusterPlans,
  options: StatusOptions,
  { terminal, services, signal }: CommandContext,
): Promise<void> {
  const { clock } = services;
  const watch = plans.follow(scopeOf(options, plans), signal);
  const size = (): ReturnType<NonNullable<typeof terminal.size>> => terminal.size?.('out');
  using screen = size() === undefined ? undefined : new Screen((text) => terminal.out(text));
  let dirty = true;
  watch.subscribe((change) => {
    dirty = true;
    if (screen !== undefined) return;
    const line =
      change.kind === 'plan' ? planLine(change.now, change.before) : change.kind === 'trouble' ? change.message : undefined;
    if (line !== undefined) terminal.out(`${line}\n`);
  });
  await watch.synced;
  while (!signal.aborted) {
    if (dirty) {
      const { columns = 80, rows = 24 } = size() ?? {};
      const all = watch.plans();
      const none = [`No plans ${placeOf(options, plans)}.`];
      const table = plansTable(all, { now: clock.now(), namespaces: options.allNamespaces, bars: true, width: columns });
      screen?.draw(all.length === 0 ? none : table.slice(0, rows - 1));
    }
    dirty = false;
    await clock.sleep(DRAW_EVERY_MS, signal).catch(() => undefined);
  }
  await watch.ended;
}

interface About {
  readonly plans: ClusterPlans;
  readonly options: StatusOptions;
  readonly context: CommandContext;
}

async function showOne(name: string, words: readonly string[], { plans, options, context }: About): Promise<void> {
  const { terminal, services, signal } = context;
  const plan = await requirePlan(planRef(name, options, plans), plans, signal);
  const vms = selectVms(await plans.vms(plan, signal), words, plan);
  if (options.output !== 'table') return terminal.out(written({ plan, vms: vms.map(judged) }, options.output));
  const size = terminal.size?.('out');
  const table = planTable(
    plan,
    vms.map((vm) => paced(vm, services.clock.now())),
    { bars: size !== undefined, height: Math.max(LINES, words.length * 2), ...widthOf(size) },
  );
  terminal.out(`${table.join('\n').trimEnd()}\n`);
}

async function watchOne(name: string, words: readonly string[], { plans, options, context }: About): Promise<void> {
  const plan = await requirePlan(planRef(name, options, plans), plans, context.signal);
  const end = await followPlan(plan, { plans, stream: 'out', shows: namedBy(words) }, context);
  context.exit(end === undefined ? 0 : EXITS[end]);
}

function scopeOf({ allNamespaces, namespace }: StatusOptions, plans: ClusterPlans): { readonly namespace?: string } {
  return allNamespaces ? {} : { namespace: namespace ?? plans.namespace };
}

function placeOf(options: StatusOptions, plans: ClusterPlans): string {
  const { namespace } = scopeOf(options, plans);
  return namespace === undefined ? `in ${plans.host}` : `in the namespace ${namespace} of ${plans.host}`;
}

function widthOf(size: { readonly columns: number } | undefined): { readonly width?: number } {
  return size === undefined ? {} : { width: size.columns };
}

function judged(vm: VmState): VmState & { readonly standing: string } {
  return { ...vm, standing: standingOf(vm) };
}

function written(
  value: { readonly plans: readonly PlanState[] } | { readonly plan: PlanState; readonly vms: readonly VmState[] },
  output: 'json' | 'yaml',
): string {
  return output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : renderYaml(value);
}
