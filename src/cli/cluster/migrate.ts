/** `migrate --to cluster`: the dry run against the live cluster, then the same plan as custom resources, then watching the operator work. */
import type { Command } from 'commander';
import type { Credentials } from '../../contracts/credentials.ts';
import type { AppliedObject, ClusterPlans } from '../../contracts/plans.ts';
import type { ConnectOptions } from '../../contracts/provider.ts';
import { MigrationError } from '../../model/errors.ts';
import { formatBytes } from '../../model/units.ts';
import { prepare } from '../../prepare.ts';
import { printable } from '../../report/columns.ts';
import { type ReportFormat, renderParts } from '../../report/index.ts';
import type { OurObject } from '../../resources/plan-objects.ts';
import { type Accepted, openCritical } from '../accept-options.ts';
import type { CommandContext } from '../context.ts';
import { readText } from '../limits-file.ts';
import { type MapOptions, readRequest } from '../request.ts';
import { connectOptions } from '../source-options.ts';
import { type ConfirmFlags, confirm } from './confirm.ts';
import { EXITS, followPlan } from './follow.ts';
import { withPlans } from './plan-access.ts';
import {
  type PlanFlags,
  type PlanLimits,
  type PlanObjects,
  type Prepared,
  planObjects,
  requireReachable,
} from './plan-options.ts';

export interface ClusterMigrateOptions extends MapOptions, PlanFlags, ConfirmFlags {
  readonly detach: boolean;
  readonly verify: boolean;
  readonly accept: readonly Accepted[];
  readonly parallelVms: number;
  readonly parallelDisks?: number;
  readonly parallelPerHost?: number;
  readonly parallelPerDatastore?: number;
  readonly parallelPerTarget?: number;
  readonly bandwidth?: number;
  readonly bandwidthCalendar?: string;
  readonly shutdownGrace: number;
  readonly shutdownOtherwise: 'force' | 'fail';
  readonly output: ReportFormat;
}

/** Options that only a migration on this machine has. */
const LOCAL_ONLY = ['resume', 'facts', 'limits', 'leaveSourceOff', 'progressFile', 'progress'] as const;

/** @throws MigrationError `usage` for options that a plan has no field for, and what preparing and applying throw */
export async function migrateToCluster(
  source: string,
  vms: readonly string[],
  { options, command }: { readonly options: ClusterMigrateOptions; readonly command: Command },
  context: CommandContext,
): Promise<void> {
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const local = LOCAL_ONLY.filter(given).map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (local.length > 0) throw new MigrationError('usage', `${local.join(', ')}: only where --to is a folder.`);
  const limits = await limitsOf(options, given);
  await withPlans(options, context, async (plans) => {
    const namespace = options.namespace ?? plans.namespace;
    const { prepared, login } = await prepareFor(source, vms, { ...options, namespace }, context);
    const { report } = prepared;
    const objects = planObjects(prepared, options, limits);
    for (const part of renderParts(report, options.output, 'full')) context.terminal.out(part);
    const open = openCritical(report, options.accept);
    if (open.length > 0) {
      context.terminal.err(
        `kubeferry: nothing was applied: Critical concerns are open (${open.join(', ')}).\n  to do: resolve them, or accept each with --accept ID=REASON.\n`,
      );
      return context.exit(1);
    }
    const applied = await applyAll({ objects, login, namespace, prepared }, { plans, options, context });
    if (!applied) return context.exit(2);
    const ref = { namespace, name: objects.plan.metadata.name };
    const again = `kubeferry status ${namespace}/${ref.name} --watch`;
    if (options.detach) return context.terminal.err(`The operator goes on with it; see \`${again}\`.\n`);
    const end = await followPlan(ref, { plans, stream: 'err' }, context);
    if (end === undefined)
      context.terminal.err(
        `The migration goes on in the cluster; see \`${again}\`, or stop it with \`kubeferry cancel ${namespace}/${ref.name}\`.\n`,
      );
    context.exit(end === undefined ? 3 : EXITS[end]);
  });
}

interface Login {
  readonly credentials: Credentials;
  readonly ca?: string;
  readonly thumbprint?: string;
}

/** The dry run, and the login that it was made with: the operator needs the same one. */
async function prepareFor(
  source: string,
  vms: readonly string[],
  options: ClusterMigrateOptions,
  context: CommandContext,
): Promise<{ readonly prepared: Prepared; readonly login: Login | undefined }> {
  const { services, signal } = context;
  // Before a long inventory: a source that the cluster cannot reach is told at once.
  requireReachable(source, options);
  // Without a name of a cluster the current one is asked: a plan for it is never made from guesses.
  const request = await readRequest(vms, { ...options, liveFacts: true }, context);
  const known = await connectOptions(options, context);
  let credentials: Credentials | undefined;
  const remembering: ConnectOptions = {
    ...known,
    ...(known.credentials && {
      credentials: async (...asked) => {
        credentials = await known.credentials?.(...asked);
        if (credentials === undefined) throw new MigrationError('credentials-missing', 'No login was given.');
        return credentials;
      },
    }),
  };
  await using connection = await services.connect(source, remembering);
  const report = await prepare(connection, request, { clock: services.clock, signal });
  const { ca, thumbprint } = known.trust ?? {};
  const login = credentials && {
    credentials,
    ...(ca !== undefined && { ca }),
    ...(thumbprint !== undefined && { thumbprint }),
  };
  return { prepared: { source, vms, request, report }, login };
}

interface ToApply {
  readonly objects: PlanObjects;
  readonly login: Login | undefined;
  readonly namespace: string;
  readonly prepared: Prepared;
}

interface Tools {
  readonly plans: ClusterPlans;
  readonly options: ClusterMigrateOptions;
  readonly context: CommandContext;
}

/** False where a person said no. */
async function applyAll({ objects, login, namespace, prepared }: ToApply, { plans, options, context }: Tools): Promise<boolean> {
  const { signal, terminal } = context;
  const { name } = objects.plan.metadata;
  const before = await plans.get({ namespace, name }, signal);
  if (before?.canceled) {
    throw new MigrationError('usage', `The plan ${namespace}/${name} was canceled, which cannot be taken back.`, {
      hint: 'Choose another name with --plan-name.',
    });
  }
  const all = [...secretOf(objects, login, namespace), placed(objects.provider, namespace), placed(objects.plan, namespace)];
  const outcome = await Promise.all(all.map(async (object) => ({ object, would: await plans.compare(object, signal) })));
  const changed = outcome
    .filter(({ would }) => would === 'changed')
    .map(({ object }) => `${object.kind} ${object.metadata.name}`);
  const { vms } = prepared.report;
  const bytes = vms.reduce((sum, { vm }) => sum + vm.disks.reduce((all, { capacity }) => all + capacity, 0), 0);
  const running = vms.filter(({ vm }) => vm.power === 'on').length;
  const what = [
    `migrate ${vms.length} VM${vms.length === 1 ? '' : 's'} (${formatBytes(bytes)}) into the namespace ${namespace} of ${plans.host}, as the plan ${name}.`,
    ...(running === 0
      ? []
      : [
          `${running} of them run${running === 1 ? 's' : ''} and ${running === 1 ? 'is' : 'are'} shut down when ${running === 1 ? 'its' : 'their'} turn comes.`,
        ]),
    ...(changed.length === 0 ? [] : [`This changes what is there already: ${changed.join(', ')}.`]),
  ];
  const begun = outcome.every(({ would }) => would === 'unchanged');
  if (!begun && !(await confirm(printable(what.join(' ')), options, context))) return false;
  for (const object of all) {
    const did = await plans.apply(object, signal);
    terminal.err(printable(`${object.kind} ${namespace}/${object.metadata.name}: ${did}`).concat('\n'));
  }
  return true;
}

function placed({ metadata, ...object }: OurObject, namespace: string): AppliedObject {
  return { ...object, metadata: { ...metadata, namespace } };
}

/** Beside the provider, which only names it. */
function secretOf({ secret }: PlanObjects, login: Login | undefined, namespace: string): readonly AppliedObject[] {
  if (secret === undefined) return [];
  if (login === undefined) throw new MigrationError('credentials-missing', 'The source was opened without a login.');
  const { credentials, ca, thumbprint } = login;
  const texts = {
    user: credentials.user,
    password: credentials.password,
    ...(ca !== undefined && { 'ca.crt': ca }),
    ...(thumbprint !== undefined && { thumbprint }),
  };
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  return [{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: secret }, type: 'Opaque', data }];
}

/** Only what was asked for: the defaults of this machine are not those of a cluster. */
async function limitsOf(options: ClusterMigrateOptions, given: (name: string) => boolean): Promise<PlanLimits> {
  const { parallelVms, parallelDisks, parallelPerHost, parallelPerDatastore, parallelPerTarget } = options;
  const { bandwidth, bandwidthCalendar } = options;
  const calendar =
    bandwidthCalendar === undefined || bandwidthCalendar.includes('=') ? bandwidthCalendar : await readText(bandwidthCalendar);
  // Bytes are not among the units; what is lost is less than a kilobyte a second.
  const rate = bandwidth === undefined ? calendar : `${Math.max(1, Math.floor(bandwidth / 1000))}kB/s`;
  const { shutdownGrace: graceSeconds, shutdownOtherwise: otherwise } = options;
  return {
    limits: {
      ...(given('parallelVms') && { vms: parallelVms }),
      ...(given('parallelDisks') && parallelDisks !== undefined && { transfers: parallelDisks }),
      ...(parallelPerTarget !== undefined && { perStorageClass: parallelPerTarget }),
      ...(rate !== undefined && { bandwidth: rate }),
    },
    ...(parallelPerHost !== undefined && { perHost: parallelPerHost }),
    ...(parallelPerDatastore !== undefined && { perStorage: parallelPerDatastore }),
    ...((given('shutdownGrace') || given('shutdownOtherwise')) && { shutdown: { graceSeconds, otherwise } }),
    verify: options.verify,
    accept: options.accept.map(({ id, reason = 'Accepted on the command line, without a reason.' }) => ({ concern: id, reason })),
  };
}
