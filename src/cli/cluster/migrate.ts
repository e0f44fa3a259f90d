/** `migrate --to cluster`: the dry run against the live cluster, then the same plan as custom resources, then watching the operator work. */
import type { Command } from 'commander';
import type { Credentials } from '../../contracts/credentials.ts';
import type { ConnectOptions } from '../../contracts/provider.ts';
import { MigrationError } from '../../model/errors.ts';
import { prepare } from '../../prepare.ts';
import { type ReportFormat, renderParts } from '../../report/index.ts';
import { letsIn, type SecretLogin } from '../../resources/provider-access.ts';
import type { Accepted } from '../accept-options.ts';
import type { CommandContext } from '../context.ts';
import { readCredentials } from '../credentials.ts';
import { readText } from '../limits-file.ts';
import { type MapOptions, readRequest } from '../request.ts';
import { afterCommit, failurePolicy } from '../shutdown-options.ts';
import { connectOptions } from '../source-options.ts';
import { applyObjects } from './apply.ts';
import type { ConfirmFlags } from './confirm.ts';
import { EXITS, followPlan } from './follow.ts';
import { withPlans } from './plan-access.ts';
import {
  imageFile,
  type PlanFlags,
  type PlanLimits,
  type Prepared,
  planObjects,
  requireReachable,
  serverOf,
} from './plan-options.ts';

export interface ClusterMigrateOptions extends MapOptions, PlanFlags, ConfirmFlags {
  readonly detach: boolean;
  readonly verify: boolean;
  readonly recheckSource: boolean;
  readonly proveAll: boolean;
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
  readonly leaveSourceOff: boolean;
  readonly output: ReportFormat;
}

/** Options that only a migration on this machine has. */
const LOCAL_ONLY = ['resume', 'facts', 'limits', 'progressFile', 'progress', 'parallelGuests'] as const;

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
  const guestKeys = options.guestKeys === undefined ? undefined : await readText(options.guestKeys);
  await withPlans(options, context, async (plans) => {
    const namespace = options.namespace ?? plans.namespace;
    const { prepared, login } = await prepareFor(source, vms, { ...options, namespace }, context);
    const { report } = prepared;
    const objects = planObjects(prepared, options, limits);
    for (const part of renderParts(report, options.output, 'full')) context.terminal.out(part);
    const applied = await applyObjects({ objects, login, guestKeys, namespace, prepared }, { plans, options, context });
    if (applied !== 'applied') return context.exit(applied === 'concerns' ? 1 : 2);
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

/** The dry run, and the login that it was made with: the operator needs the same one. */
async function prepareFor(
  source: string,
  vms: readonly string[],
  options: ClusterMigrateOptions,
  context: CommandContext,
): Promise<{ readonly prepared: Prepared; readonly login: SecretLogin | undefined }> {
  const { services, signal } = context;
  // Before a long inventory: a source that the cluster cannot reach is told at once.
  requireReachable(source, options);
  requirePinned(source, options);
  // Without a name of a cluster the current one is asked: a plan for it is never made from guesses.
  const request = await readRequest(vms, { ...options, liveFacts: true }, context);
  const known = await connectOptions(source, options, context);
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
  const { url, user } = imageFile(options);
  if (url !== undefined && user !== undefined)
    credentials = await readCredentials(services.credentials, { source: new URL(url).host, user, signal });
  const login = await secretLogin(known, { credentials, user: serverOf(source)?.user });
  const needed = url !== undefined || letsIn(login);
  return { prepared: { source, vms, request, report }, login: needed ? login : undefined };
}

/** What the operator and its workers log in with. */
async function secretLogin(
  { trust: { ca, thumbprint } = {}, clientCertificate, shareCredentials, ssh }: ConnectOptions,
  { credentials, user }: { readonly credentials: Credentials | undefined; readonly user: string | undefined },
): Promise<SecretLogin> {
  const { privateKey, passphrase } = ssh ?? {};
  return {
    ...(credentials && { credentials }),
    trust: { ...(ca !== undefined && { ca }), ...(thumbprint !== undefined && { thumbprint }) },
    ...(clientCertificate && { clientCertificate }),
    ...(shareCredentials && { shareCredentials: await shareCredentials() }),
    ...(privateKey !== undefined && {
      ssh: { privateKey, ...(user && { user }), ...(passphrase !== undefined && { passphrase }) },
    }),
  };
}

/** The known_hosts of this machine stay here: they name every host that somebody ever went to. @throws MigrationError `usage` */
function requirePinned(source: string, { thumbprint, insecure }: ClusterMigrateOptions): void {
  if (!/^hyperv\+ssh:/i.test(source) || thumbprint !== undefined || insecure) return;
  throw new MigrationError('usage', 'The cluster knows no keys of SSH hosts: give that of this one by --thumbprint SHA256:…', {
    hint: 'ssh-keygen -lf known_hosts -F HOST shows it.',
  });
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
  const policy = failurePolicy(options);
  const retired = afterCommit(options);
  const shutdown = {
    ...((given('shutdownGrace') || given('shutdownOtherwise')) && { graceSeconds, otherwise }),
    ...(policy === 'never' && { afterFailure: 'leave-off' as const }),
    ...(policy === 'ask' && { afterFailure: policy }),
  };
  return {
    limits: {
      ...(given('parallelVms') && { vms: parallelVms }),
      ...(given('parallelDisks') && parallelDisks !== undefined && { transfers: parallelDisks }),
      ...(parallelPerTarget !== undefined && { perStorageClass: parallelPerTarget }),
      ...(rate !== undefined && { bandwidth: rate }),
    },
    ...(parallelPerHost !== undefined && { perHost: parallelPerHost }),
    ...(parallelPerDatastore !== undefined && { perStorage: parallelPerDatastore }),
    ...(Object.keys(shutdown).length > 0 && { shutdown }),
    ...(retired && { sourceAfterCommit: retired }),
    verify: options.verify,
    recheckSource: options.recheckSource,
    proveAll: options.proveAll,
    accept: options.accept.map(({ id, reason = 'Accepted on the command line, without a reason.' }) => ({ concern: id, reason })),
  };
}
