/**
 * cutover, cancel, retry, rollback, commit, pause and resume: each sets switches in the specs of a plan or of its VMs. Where a folder is named
 * instead of a plan it is about the migration in it.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClusterPlans } from '../../contracts/plans.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmState } from '../../model/plan-state.ts';
import { printable } from '../../report/columns.ts';
import { decide, judgeVm, SWITCHES, type Switch, type SwitchOptions } from '../../resources/switches.ts';
import { addYes, type ConfirmFlags, confirm } from '../cluster/confirm.ts';
import { addPlanAccess, type PlanAccess, planRef, requirePlan, selectVms, withPlans } from '../cluster/plan-access.ts';
import type { CommandContext } from '../context.ts';
import { actOnFolder } from '../folder/act.ts';
import { INSTANT_EXAMPLE, parseInstant } from '../instants.ts';

interface SwitchFlags extends PlanAccess, ConfirmFlags {
  readonly at?: string;
  readonly withdraw?: boolean;
}

interface Words {
  readonly help: string;
  /** What happens to the VMs of a plan, or to those that are named. */
  readonly will: string;
  readonly done: string;
  /** Where no VM of a plan is meant. */
  readonly none: string;
  /** It cannot be taken back, or stops what people use. */
  readonly asks: boolean;
}

const WORDS: Readonly<Record<Switch, Words>> = {
  cutover: {
    help: 'cut warm VMs over: shut the source down, copy the rest, start the VM in the cluster; also of a folder that `migrate --to` works in',
    will: 'Sources are shut down, the rest of their disks is copied, and the VMs start in the cluster.',
    done: 'cutover is asked for',
    none: 'No VM is left to cut over.',
    asks: true,
  },
  cancel: {
    help: 'stop what is not complete and clear it up; sources that were switched off start again',
    will: 'What is not complete stops and is removed from the cluster; sources that were switched off start again. VMs that are complete stay.',
    done: 'cancellation is asked for',
    none: 'No VM is left to cancel.',
    asks: true,
  },
  retry: {
    help: 'try failed VMs again from the phase that stopped them; canceled ones where they are named',
    will: 'VMs are tried again from the phase that stopped them; what is proven is not copied again.',
    done: 'is tried again',
    none: 'No VM has failed.',
    asks: false,
  },
  rollback: {
    help: 'stop migrated VMs and start their sources again, until they are committed; of a folder: say what brings them back',
    will: 'Migrated VMs are stopped and their sources are started again. What was written since the cutover is not carried back.',
    done: 'rollback is asked for',
    none: 'No VM can be rolled back.',
    asks: true,
  },
  commit: {
    help: 'make migrated VMs final: their way back is given up',
    will: 'The way back of these VMs is given up.',
    done: 'commit is asked for',
    none: 'No VM waits to be committed.',
    asks: true,
  },
  pause: {
    help: 'begin nothing new; what runs comes to the end of its phase',
    will: 'Nothing new begins.',
    done: 'is paused',
    none: 'No VM is left to pause.',
    asks: false,
  },
  resume: { help: 'go on with what was paused', will: 'It goes on.', done: 'goes on', none: 'No VM is paused.', asks: false },
};

/** Of a cutover that was asked for. */
const WITHDRAWN: Words = {
  ...WORDS.cutover,
  will: 'The schedule decides again; what is at its cutover already goes on.',
  done: 'its cutover is not asked for any more',
  asks: false,
};

/** How often a VM that changes meanwhile is looked at anew. */
const TRIES = 5;
/** Writes at once. */
const AT_ONCE = 8;
const NAMES_SHOWN = 8;

/** `kubeferry cancel PLAN [VM…]` and its siblings. */
export function switchCommands(program: Command, context: CommandContext): void {
  for (const name of SWITCHES) {
    const command = program.command(`${name} <plan> [vms...]`).description(WORDS[name].help);
    if (name === 'cutover') {
      command
        .addOption(new Option('--at <time>', 'when, such as 2030-01-05T23:00:00Z (default: now)').argParser(parseTime))
        .addOption(new Option('--withdraw', 'take back what was asked for: the schedule decides again').conflicts('at'));
    }
    if (WORDS[name].asks) addYes(command);
    addPlanAccess(command).action(async (plan: string, vms: string[], options: SwitchFlags) => {
      const flags = { ...options, yes: options.yes ?? false };
      const migration = await context.services.openMigration(plan);
      if (migration !== undefined) return await actOnFolder(name, { migration, words: vms, at: atOf(options), flags }, context);
      await withPlans(options, context, (plans) => act(name, { plan, vms, options: flags }, { plans, context }));
    });
  }
}

interface Asked {
  readonly plan: string;
  readonly vms: readonly string[];
  readonly options: SwitchFlags;
}

interface Tools {
  readonly plans: ClusterPlans;
  readonly context: CommandContext;
}

async function act(command: Switch, asked: Asked, tools: Tools): Promise<void> {
  const { plans, context } = tools;
  const { terminal, services, signal } = context;
  const plan = await requirePlan(planRef(asked.plan, asked.options, plans), plans, signal);
  const all = await plans.vms(plan, signal);
  const named = asked.vms.length === 0 ? {} : { named: selectVms(all, asked.vms, plan) };
  const at = atOf(asked.options);
  const about = { plan, at: at === undefined ? new Date(services.clock.now()).toISOString() : at };
  const { plan: spec, vms, so, refused } = decide(command, { all, ...named }, about);
  // One mistake among many names is a mistake in what was asked: nothing is done by halves.
  if (refused.length > 0) throw new MigrationError('usage', refused.join('\n'), { hint: 'Nothing was changed.' });
  for (const text of so) terminal.err(`${printable(text)}\n`);
  if (spec === undefined && vms.length === 0) {
    if (so.length === 0) terminal.err(`${WORDS[command].none}\n`);
    return;
  }
  const whom = spec === undefined ? namesOf(vms) : `the plan ${plan.namespace}/${plan.name} with ${count(all)}`;
  const words = at === null ? WITHDRAWN : WORDS[command];
  const what = at === null ? `take back the cutover of ${whom}` : `${command} ${whom}`;
  if (!(await agreed(what, { words, options: asked.options }, context))) return context.exit(2);
  if (spec !== undefined) await plans.switchPlan(plan, spec, signal);
  else await switchEach(command, vms, { ...tools, about });
  const follow = `See \`kubeferry status ${plan.namespace}/${plan.name} --watch\`.`;
  terminal.err(printable(`${spec === undefined ? namesOf(vms) : plan.name}: ${words.done}. ${follow}`).concat('\n'));
}

async function agreed(
  what: string,
  { words, options }: { readonly words: Words; readonly options: SwitchFlags },
  context: CommandContext,
): Promise<boolean> {
  const text = printable(`${what}: ${words.will}`);
  if (words.asks) return await confirm(text, options, context);
  context.terminal.err(`${text}\n`);
  return true;
}

function namesOf(vms: readonly VmState[]): string {
  const names = vms.slice(0, NAMES_SHOWN).map(({ vm }) => vm.name);
  return vms.length > names.length ? `${names.join(', ')} and ${vms.length - names.length} more` : names.join(', ');
}

function count({ length }: readonly VmState[]): string {
  return `${length} VM${length === 1 ? '' : 's'}`;
}

async function switchEach(
  command: Switch,
  vms: readonly VmState[],
  { plans, context, about }: Tools & { readonly about: SwitchOptions },
): Promise<void> {
  const { services, signal, terminal } = context;
  const queue = services.queue({ perPlan: AT_ONCE });
  const failed: unknown[] = [];
  await Promise.all(
    vms.map((vm) =>
      queue
        .submit(vm.uid, () => switchOne(command, vm, { plans, about, signal }), signal)
        .catch((error: unknown) => {
          if (!(error instanceof MigrationError)) throw error;
          failed.push(error);
          terminal.err(`${printable(`${vm.vm.name}: ${error.message}`)}\n`);
        }),
    ),
  );
  if (failed.length > 0) throw failed[0];
}

/** A VM that has changed since it was judged is judged again. */
async function switchOne(
  command: Switch,
  vm: VmState,
  { plans, about, signal }: { readonly plans: ClusterPlans; readonly about: SwitchOptions; readonly signal: AbortSignal },
): Promise<void> {
  let now: VmState | undefined = vm;
  for (let tried = 1; now !== undefined; tried += 1) {
    const verdict = judgeVm(command, now, about);
    if (verdict.kind === 'so') return;
    if (verdict.kind === 'refused') throw new MigrationError('usage', verdict.because);
    try {
      return await plans.switchVm(now, verdict.spec, signal);
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'cluster-conflict' || tried === TRIES) throw error;
    }
    now = await plans.vm(vm, signal);
  }
  throw new MigrationError('cluster-object-missing', `${vm.vm.name} is gone.`);
}

/** Null: what was asked for is taken back; undefined: now. */
function atOf({ at, withdraw }: SwitchFlags): string | null | undefined {
  return withdraw === true ? null : at;
}

function parseTime(text: string): string {
  const time = parseInstant(text);
  if (time === undefined) throw new InvalidArgumentError(`A time such as ${INSTANT_EXAMPLE}.`);
  return new Date(time).toISOString();
}
