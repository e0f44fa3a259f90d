/** `verify --plan PLAN [VM…]` and `verify pvc/NAME`: the same look at disks that are on claims of a cluster. */
import { type Command, Option } from 'commander';
import type { ClusterPlans } from '../../contracts/plans.ts';
import type { ClaimedDisk } from '../../contracts/verification.ts';
import { MigrationError } from '../../model/errors.ts';
import type { Verification } from '../../model/verification.ts';
import { verifyClaims } from '../../verify.ts';
import { namedCluster } from '../cluster-options.ts';
import type { CommandContext } from '../context.ts';
import type { Display } from '../progress/display.ts';
import { sealedResult } from '../sealed-report.ts';
import { addPlanAccess, type PlanAccess, planRef, requirePlan, selectVms, withPlans } from './plan-access.ts';

export interface ClusterVerifyFlags extends PlanAccess {
  readonly plan?: string;
  readonly report?: string;
  readonly disk?: string;
  readonly image?: string;
  readonly workers?: string;
}

const IMAGE = 'ghcr.io/kubeferry/kubeferry';
/** Claims that are read at once: each by a worker of its own. */
const AT_ONCE = 4;
/** A claim as a place; a path of that form is `./pvc/NAME`. */
const CLAIM = /^pvc\/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)$/;

export function addClusterVerifyOptions(command: Command): Command {
  const group = 'In the cluster:';
  addPlanAccess(command.option('--plan <plan>', 'the disks that this plan brought into the cluster; the words are VMs then'));
  return command
    .addOption(
      new Option('--image <image>', "of the workers that read claims (default: this version's)")
        .env('KUBEFERRY_IMAGE')
        .helpGroup(group),
    )
    .addOption(
      new Option('--workers <json>', 'their settings, as those of the operator: requests, limits, nodeSelector …')
        .env('KUBEFERRY_WORKERS')
        .helpGroup(group),
    );
}

/** Whether a claim or a plan is meant, not something of this machine. */
export function isInCluster(place: string | undefined, { plan }: ClusterVerifyFlags): boolean {
  return plan !== undefined || (place !== undefined && CLAIM.test(place));
}

/** @throws MigrationError `usage`, `plan-not-found`, `vm-not-found`, `source-not-found`, and those of the cluster */
export async function verifyInCluster(
  words: readonly string[],
  { options, display }: { readonly options: ClusterVerifyFlags; readonly display: Display },
  context: CommandContext,
): Promise<Verification> {
  const { services, signal } = context;
  const { image = `${IMAGE}:${services.version}`, workers: settings } = options;
  return await withPlans(options, context, async (plans) => {
    const { place, disks } = await (options.plan === undefined ? ofClaim : ofPlan)(words, { options, plans, signal });
    using looks = await services.openLooks(namedCluster(options) ?? {}, { image, ...(settings !== undefined && { settings }) });
    return await verifyClaims(disks, {
      ...{ place, looks, signal },
      clock: services.clock,
      queue: services.queue({ perPlan: AT_ONCE }),
      starts: ({ id, vm, disk, result }) => display.starts({ id, vm, disk, capacity: result?.size ?? 0, pass: 'check' }),
      moves: (progress) => display.moves(progress),
      waits: ({ id }, because) => because !== undefined && display.note(`${id}: waiting for ${because}`),
      ends: ({ id }, { outcome, finding }) => display.ends({ id }, outcome === 'ok' ? undefined : finding),
    });
  });
}

interface Asked {
  readonly options: ClusterVerifyFlags;
  readonly plans: ClusterPlans;
  readonly signal: AbortSignal;
}

interface Claimed {
  readonly place: string;
  readonly disks: readonly ClaimedDisk[];
}

async function ofPlan(vms: readonly string[], { options, plans, signal }: Asked): Promise<Claimed> {
  const { plan = '', report, disk } = options;
  if (report !== undefined || disk !== undefined)
    throw new MigrationError('usage', '--report and --disk are for one disk; a plan knows itself what was sealed.');
  const ref = planRef(plan, options, plans);
  await requirePlan(ref, plans, signal);
  const sealed = await plans.sealed({ namespace: ref.namespace, plan: ref.name }, signal);
  const states = sealed.map(({ vm }) => vm);
  const chosen = new Set(selectVms(states, vms, ref));
  const disks = sealed.flatMap(({ vm, disks: all }) => (chosen.has(vm) ? all : []));
  if (disks.length > 0) return { place: `the plan ${ref.namespace}/${ref.name} in ${plans.host}`, disks };
  throw new MigrationError('vm-not-found', `The plan ${ref.name} has brought no disk into the cluster.`, {
    hint: `See how far it is with \`kubeferry status ${ref.namespace}/${ref.name}\`.`,
  });
}

async function ofClaim([place = '', ...more]: readonly string[], { options, plans, signal }: Asked): Promise<Claimed> {
  const { report, disk, namespace = plans.namespace } = options;
  if (more.length > 0) throw new MigrationError('usage', 'A claim holds one disk; the words after it would be VMs.');
  const claim = place.replace(CLAIM, '$1');
  const about = { place: `${place} of ${namespace} in ${plans.host}` };
  if (report !== undefined) {
    const result = await sealedResult(report, disk);
    const [vm = '', ...key] = result.job.split('/');
    return { ...about, disks: [{ id: result.job, vm, disk: key.join('/'), namespace, claim, result }] };
  }
  if (disk !== undefined) throw new MigrationError('usage', '--disk goes with --report.');
  const sealed = await plans.sealed({ namespace }, signal);
  const found = sealed.flatMap(({ disks }) => disks).filter((one) => one.claim === claim && one.namespace === namespace);
  if (found.length > 0) return { ...about, disks: found.slice(0, 1) };
  throw new MigrationError('source-not-found', `No VmMigration in ${namespace} says what was sealed on the claim ${claim}.`, {
    hint: 'Give the plan that brought it with --plan NAMESPACE/PLAN, or the report that sealed it with --report.',
  });
}
