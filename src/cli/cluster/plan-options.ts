/** The options that say how a migration is written down as custom resources, and the objects that come of them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PathMapping } from '../../contracts/provider.ts';
import { MigrationError } from '../../model/errors.ts';
import type { Report } from '../../model/report.ts';
import type { PrepareRequest } from '../../prepare.ts';
import { type OurObject, type PlanWish, planObject, providerObject } from '../../resources/plan-objects.ts';
import type { GuestFlags } from '../guest-options.ts';
import type { SourceOptions } from '../source-options.ts';
import { addCommitOptions, type CommitFlags, commitPolicy } from './commit-options.ts';
import { guestsInCluster } from './plan-guests.ts';

export interface PlanFlags extends CommitFlags {
  readonly planName?: string;
  readonly providerName?: string;
  readonly claim?: ImageClaim;
  readonly imageUrl?: string;
  readonly vddkImage?: string;
}

/** Where the cluster finds image files. */
interface ImageClaim {
  readonly name: string;
  readonly path?: string;
}

export function addPlanOptions(command: Command): Command {
  const group = 'In the cluster:';
  const label = (flags: string, text: string): Option => new Option(flags, text).argParser(parseLabel).helpGroup(group);
  return addCommitOptions(command)
    .addOption(label('--plan-name <name>', 'of the MigrationPlan (default: that of the only VM, or of the source)'))
    .addOption(label('--provider-name <name>', 'of the Provider and its Secret (default: that of the source)'))
    .addOption(
      new Option('--claim <name[:path]>', 'PersistentVolumeClaim that holds the image files for the cluster')
        .argParser(parseClaim)
        .helpGroup(group),
    )
    .addOption(
      new Option(
        '--image-url <url>',
        'https://[user@]… of the image file, which the cluster brings to the path of --claim first',
      ).helpGroup(group),
    )
    .addOption(new Option('--vddk-image <image>', "image that holds VMware's VDDK, for --transport vddk").helpGroup(group));
}

/** What a migration leaves open that only some commands have options for. */
export type PlanLimits = Pick<
  PlanWish,
  'limits' | 'verify' | 'recheckSource' | 'proveAll' | 'accept' | 'shutdown' | 'sourceAfterCommit'
> & {
  readonly perHost?: number;
  readonly perStorage?: number;
};

export const NO_LIMITS: PlanLimits = { limits: {}, verify: true, accept: [] };

export interface PlanObjects {
  readonly provider: OurObject;
  readonly plan: OurObject;
  /** Names of Secrets that these refer to; they are in neither. `guestKeys` holds what is in the file of --guest-keys. */
  readonly secrets: { readonly login?: string; readonly guestKeys?: string };
}

export interface Prepared {
  readonly source: string;
  /** As they were named on the command line. */
  readonly vms: readonly string[];
  readonly request: PrepareRequest;
  readonly report: Report;
}

/**
 * @throws MigrationError `usage` for a source that the cluster cannot reach, `config-invalid` for what a plan has no field for
 */
export function planObjects(
  { source, vms, request, report }: Prepared,
  options: PlanFlags & SourceOptions & Pick<GuestFlags, 'guestKeys' | 'virtioWin'>,
  { perHost, perStorage, ...limits }: PlanLimits,
): PlanObjects {
  const { namespace } = request.options;
  const place = namespace === undefined ? {} : { namespace };
  const server = serverOf(source);
  const provider = options.providerName ?? labelOf(server?.host ?? source);
  const [only, ...others] = report.vms;
  const bounds = { ...(perHost !== undefined && { perHost }), ...(perStorage !== undefined && { perStorage }) };
  const about = specOf(source, server, { ...options, secret: provider });
  const name = options.planName ?? (only && others.length === 0 ? only.plan.mapping.targetName : labelOf(provider));
  const commit = commitPolicy(options);
  const guestKeys = options.guestKeys === undefined ? undefined : `${name}-guest-keys`;
  return {
    provider: providerObject({
      ...{ name: provider, ...place },
      spec: { ...about, ...(Object.keys(bounds).length > 0 && { limits: bounds }) },
    }),
    plan: planObject({
      ...{ name, ...place },
      provider,
      selection: selectionOf(vms, request, report),
      type: request.type,
      ...(request.schedule && { schedule: request.schedule }),
      ...(request.groups && { groups: request.groups }),
      ...(commit && { commit }),
      networkMap: request.networkMap,
      storageMap: request.storageMap,
      networkIds: networkIds(report),
      options: request.options,
      ...(request.guests && { guests: guestsInCluster(request.guests, { guestKeys, virtioWin: options.virtioWin }) }),
      ...limits,
    }),
    secrets: {
      ...((server !== undefined || needsSecret(options)) && { login: provider }),
      ...(guestKeys !== undefined && { guestKeys }),
    },
  };
}

/** @throws MigrationError `usage` for a source that the cluster cannot reach */
export function requireReachable(source: string, flags: PlanFlags): void {
  if (!isReachable(source, flags)) throw unreachable(source);
}

export function isReachable(source: string, { claim }: PlanFlags): boolean {
  return serverOf(source) !== undefined || claim !== undefined;
}

function unreachable(source: string): MigrationError {
  return new MigrationError('usage', `The cluster cannot read ${source}: it is a file of this machine.`, {
    hint: 'Copy it to a PersistentVolumeClaim of the target namespace (such as with `kubectl cp` into a Pod that mounts it) and say --claim NAME:PATH, or let the cluster fetch it there with --image-url https://…; or migrate on this machine with --to DIR.',
  });
}

interface Server {
  readonly type: 'vsphere' | 'hyperv';
  readonly host: string;
  /** Without a user. */
  readonly url: string;
  /** Empty where it names none. */
  readonly user: string;
}

/** Undefined for files. */
export function serverOf(source: string): Server | undefined {
  const [, scheme = '', ssh = '', rest = ''] = /^(vsphere|hyperv(\+ssh)?):\/\/(.*)$/is.exec(source) ?? [];
  if (scheme === '' || !URL.canParse(`https://${rest}`)) return undefined;
  const { hostname, host, pathname, username } = new URL(`https://${rest}`);
  const type = /^vsphere$/i.test(scheme) ? 'vsphere' : 'hyperv';
  const url = `${type}${ssh.toLowerCase()}://${host}${pathname.replace(/\/+$/, '')}`;
  return { type, host: hostname, url, user: decodeURIComponent(username) };
}

function specOf(
  source: string,
  server: Server | undefined,
  options: PlanFlags & SourceOptions & { readonly secret: string },
): ProviderSpec {
  if (server !== undefined) return serverSpec(server, options);
  if (options.claim === undefined) throw unreachable(source);
  return imageSpec(source, options.claim, options);
}

type ProviderSpec = Parameters<typeof providerObject>[0]['spec'];

function serverSpec(
  { type, url }: Server,
  {
    insecure,
    transport,
    vddkImage,
    vddkLibdir,
    claim,
    imageUrl,
    secret,
    login,
    clientCertificate,
    pathMap,
  }: PlanFlags & SourceOptions & { readonly secret: string },
): ProviderSpec {
  if (claim !== undefined || imageUrl !== undefined)
    throw new MigrationError('usage', '--claim and --image-url are for image files; this source is a server.');
  const way = transport ?? (vddkImage === undefined ? undefined : 'vddk');
  if (vddkLibdir !== undefined || (way === 'vddk' && vddkImage === undefined)) {
    throw new MigrationError('usage', 'Workers in the cluster find VDDK in an image, not in a folder of this machine.', {
      hint: 'Put the library into an image below /vmware-vix-disklib-distrib and name it with --vddk-image.',
    });
  }
  const loginMethod = login ?? (clientCertificate === undefined ? undefined : 'certificate');
  if (loginMethod === 'kerberos') {
    throw new MigrationError('usage', 'Workers in the cluster have no ticket for --login kerberos: choose another way.');
  }
  return {
    ...{ type, url, secretRef: { name: secret } },
    ...(loginMethod !== undefined && { loginMethod }),
    ...(pathMap !== undefined && { paths: pathMap.map(sharePath) }),
    ...(insecure === true && { insecure }),
    ...(way !== undefined && { transport: way }),
    ...(vddkImage !== undefined && { vddk: { image: vddkImage } }),
  };
}

/** @throws MigrationError `usage` for a folder of this machine */
function sharePath({ from, to }: PathMapping): { readonly from: string; readonly share: string } {
  if (!to.startsWith('/')) return { from, share: to };
  throw new MigrationError('usage', `The cluster does not see ${to}: it is a folder of this machine.`, {
    hint: 'Name the share itself (--path-map FROM=\\\\server\\share), or write a Provider whose paths name a claim.',
  });
}

function imageSpec(
  source: string,
  { name, path }: ImageClaim,
  { secret, ...options }: PlanFlags & SourceOptions & { readonly secret: string },
): ProviderSpec {
  const { config, insecure } = options;
  if (config !== undefined) throw new MigrationError('usage', 'A plan in a cluster has no field for --config yet.');
  const { url } = imageFile(options);
  const file = path ?? (url === undefined ? undefined : source.split('/').at(-1));
  return {
    type: 'image',
    images: { claim: name, ...(file !== undefined && { path: file }), ...(url !== undefined && { url }) },
    ...(needsSecret(options) && { secretRef: { name: secret } }),
    ...(url !== undefined && insecure === true && { insecure }),
  };
}

/**
 * The file behind --image-url: its URL without the user whose password is asked for.
 * @throws MigrationError `usage` for what a worker would not fetch
 */
export function imageFile({ imageUrl }: PlanFlags): { readonly url?: string; readonly user?: string } {
  if (imageUrl === undefined) return {};
  const url = URL.canParse(imageUrl) ? new URL(imageUrl) : undefined;
  if (url?.protocol !== 'https:') throw new MigrationError('usage', '--image-url is an https://… URL.');
  if (url.password !== '') {
    throw new MigrationError('usage', '--image-url must not hold a password.', {
      hint: 'Set KUBEFERRY_PASSWORD or KUBEFERRY_PASSWORD_FILE, and take the password for known: it was on a command line.',
    });
  }
  const user = decodeURIComponent(url.username);
  url.username = '';
  return { url: url.href, ...(user !== '' && { user }) };
}

/** Whoever serves the file wants a login, or is known by what only we know. */
function needsSecret(options: PlanFlags & SourceOptions): boolean {
  const { imageUrl, caFile, thumbprint } = options;
  return imageUrl !== undefined && [imageFile(options).user, caFile, thumbprint].some((given) => given !== undefined);
}

/** Names where they name a VM, ids otherwise; every VM where nothing is said. */
function selectionOf(vms: readonly string[], { select }: PrepareRequest, report: Report): PlanWish['selection'] {
  const known = new Set(report.vms.map(({ vm }) => vm.name));
  const names = vms.filter((vm) => known.has(vm));
  const ids = vms.filter((vm) => !known.has(vm));
  const where = select ?? (vms.length === 0 ? ['name=*'] : undefined);
  return {
    ...(names.length > 0 && { names }),
    ...(ids.length > 0 && { ids }),
    ...(where !== undefined && { where }),
  };
}

/** Ids that are no names as well. */
function networkIds({ vms }: Report): ReadonlySet<string> {
  const networks = vms.flatMap(({ vm }) => vm.nics.flatMap(({ network }) => network ?? []));
  const names = new Set(networks.map(({ name }) => name));
  return new Set(networks.map(({ id }) => id).filter((id) => !names.has(id)));
}

/** A DNS label that people recognise: the last part of a path without its extension, a host with dashes for dots. */
function labelOf(text: string): string {
  const last = text.includes('/') ? (text.replace(/\/+$/, '').split('/').at(-1) ?? text) : text;
  const label = last
    .replace(/\.(ova|ovf|vmx|vmdk|vhdx?|qcow2|vdi|raw|img)$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return label === '' ? 'images' : label;
}

function parseLabel(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('Lower-case letters, digits and dashes, 63 at most.');
}

function parseClaim(text: string): ImageClaim {
  const [, name, path] = /^([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::(.+))?$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('The name of a claim, and perhaps a path on it: images:exports/web.ova');
  return { name, ...(path !== undefined && { path }) };
}
