/** What every command about plans in a cluster shares: which cluster, which namespace, which plan, which VMs. */
import type { Command } from 'commander';
import type { ClusterPlans } from '../../contracts/plans.ts';
import { MigrationError } from '../../model/errors.ts';
import type { PlanRef, PlanState, VmState } from '../../model/plan-state.ts';
import { addClusterOptions, type ClusterOptions, namedCluster } from '../cluster-options.ts';
import type { CommandContext } from '../context.ts';

export interface PlanAccess extends ClusterOptions {
  readonly namespace?: string;
}

export function addPlanAccess(command: Command): Command {
  return addClusterOptions(command, [], 'cluster of the plan, instead of the one that kubectl would choose').option(
    '-n, --namespace <name>',
    "namespace of the plan instead of that of the kubeconfig's context",
  );
}

/** Opens the cluster, runs `work` with its plans and closes it in every outcome. */
export async function withPlans<T>(
  options: ClusterOptions,
  { services }: CommandContext,
  work: (plans: ClusterPlans) => Promise<T>,
): Promise<T> {
  using plans = await services.openPlans(namedCluster(options) ?? {});
  return await work(plans);
}

/** `PLAN` or `NAMESPACE/PLAN`. */
export function planRef(text: string, { namespace }: PlanAccess, plans: ClusterPlans): PlanRef {
  const [first = '', second] = text.split('/', 2);
  if (second !== undefined) return { namespace: first, name: second };
  return { namespace: namespace ?? plans.namespace, name: first };
}

/** @throws MigrationError `plan-not-found` */
export async function requirePlan(ref: PlanRef, plans: ClusterPlans, signal: AbortSignal): Promise<PlanState> {
  const plan = await plans.get(ref, signal);
  if (plan !== undefined) return plan;
  const others = (await plans.list({ namespace: ref.namespace }, signal)).map(({ name }) => name);
  const known =
    others.length === 0
      ? 'It holds none'
      : `It holds ${others.slice(0, 10).join(', ')}${others.length > 10 ? ' and others' : ''}`;
  throw new MigrationError('plan-not-found', `There is no plan ${ref.name} in the namespace ${ref.namespace}. ${known}.`);
}

/** Tells whether a VM is one of those that are named: by its name, that of its target or of its VmMigration, or its id. */
export function namedBy(words: readonly string[]): (vm: VmState) => boolean {
  const wanted = new Set(words);
  if (wanted.size === 0) return () => true;
  return (vm) => wordsOf(vm).some((word) => wanted.has(word));
}

/** @throws MigrationError `vm-not-found` for a word that means none */
export function selectVms(vms: readonly VmState[], words: readonly string[], { name }: PlanRef): readonly VmState[] {
  const known = new Set(vms.flatMap(wordsOf));
  const unknown = words.filter((word) => !known.has(word));
  if (unknown.length > 0) {
    throw new MigrationError('vm-not-found', `The plan ${name} has no VM ${unknown.join(', ')}.`, {
      hint: `List them with \`kubeferry status ${name} -o json\`.`,
    });
  }
  return vms.filter(namedBy(words));
}

function wordsOf({ vm, targetName, name }: VmState): readonly string[] {
  return [vm.name, vm.id, name, ...(targetName === undefined ? [] : [targetName])];
}
