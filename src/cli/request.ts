/** The options that every command shares about source and mapping, and what they mean to prepare(). */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Connection } from '../contracts/provider.ts';
import { atLeast, type Category, type Concern, worst } from '../model/concern.ts';
import type { TransferLimits } from '../model/estimate.ts';
import type { MappingOptions } from '../model/mapping.ts';
import type { Report } from '../model/report.ts';
import { type Bytes, GiB, MiB, TiB } from '../model/units.ts';
import { type PrepareRequest, prepare } from '../prepare.ts';
import { type CommitFlags, commitPolicy } from './cluster/commit-options.ts';
import { addClusterOptions, type ClusterOptions, namedCluster, readClusterFacts } from './cluster-options.ts';
import type { CommandContext } from './context.ts';
import { addForecastOptions, type ForecastFlags, forecastOptions } from './forecast-options.ts';
import { addGuestOptions, type GuestFlags, guestTerms } from './guest-options.ts';
import { readTables } from './map-files.ts';
import { addNetworkOptions, type NetworkFlags, networkGeneration } from './network-options.ts';
import { readGroups, readSchedule, requireGrouped, type ScheduleFlags } from './schedule-options.ts';
import { afterCommit, type ShutdownFlags } from './shutdown-options.ts';
import { addSelectOption, addSourceOptions, type SourceOptions } from './source-options.ts';
import { addVmOptions, type VmFlags, vmOptions } from './vm-options.ts';

export interface MapOptions
  extends SourceOptions,
    ClusterOptions,
    ForecastFlags,
    NetworkFlags,
    ScheduleFlags,
    VmFlags,
    GuestFlags,
    Partial<Pick<ShutdownFlags, 'sourceRename' | 'sourceFolder' | 'sourceDisconnect'>> {
  /** What the predictions assume to be moved at once; no option of its own. */
  readonly atOnce?: TransferLimits;
  readonly select?: readonly string[];
  readonly networkMap?: string;
  readonly storageMap?: string;
  readonly facts?: string;
  readonly namespace?: string;
  readonly devices: 'virtio' | 'compatibility';
  readonly cpus?: number;
  readonly memory?: number;
  readonly firmware?: 'bios' | 'uefi';
}

export const FAIL_ON = ['critical', 'warning', 'information', 'never'] as const;

export type FailOn = (typeof FAIL_ON)[number];

export function addMapOptions(command: Command): Command {
  const about = addClusterOptions(addSelectOption(addSourceOptions(command)), ['facts']);
  return addGuestOptions(addVmOptions(addNetworkOptions(addForecastOptions(about))))
    .option('--network-map <file>', 'source networks → pod, udn, multus, sriov or ignored (YAML or JSON)')
    .option('--storage-map <file>', 'source storages, policies, VMs or disks → storage classes (YAML or JSON)')
    .option('--facts <file>', 'what the target cluster has, written by `kubeferry facts` (YAML or JSON)')
    .option('-n, --namespace <name>', 'namespace of the created objects')
    .addOption(
      new Option('--devices <kind>', 'virtio: the guest has virtio drivers; compatibility: sata disks and e1000e NICs')
        .choices(['virtio', 'compatibility'])
        .default('virtio'),
    )
    .addOption(new Option('--cpus <n>', 'virtual CPUs, instead of what the source says or does not say').argParser(parseCpus))
    .addOption(
      new Option('--memory <size>', 'memory, such as 4Gi or 512Mi, instead of what the source says or does not say').argParser(
        parseMemory,
      ),
    )
    .addOption(new Option('--firmware <kind>', 'instead of what the source says or does not say').choices(['bios', 'uefi']));
}

export function addFailOn(command: Command): Command {
  return command.addOption(
    new Option('--fail-on <category>', 'exit with 1 on concerns of this category or graver').choices(FAIL_ON).default('critical'),
  );
}

/** What is asked of prepare(), before the source is open. */
export interface AskedRequest extends PrepareRequest {
  /** Look into guests before anything is decided. */
  readonly inspects?: boolean;
}

/** Reads the tables first, so that a wrong one is told before a long inventory. */
export async function prepareReport(
  connection: Connection,
  { inspects, ...request }: AskedRequest,
  { services, signal }: CommandContext,
): Promise<Report> {
  const asked = inspects === true ? { ...request, inspect: services.inspectImages(connection) } : request;
  const report = await prepare(connection, asked, { clock: services.clock, signal });
  requireGrouped(request.groups ?? new Map(), report);
  return report;
}

/** @param options `liveFacts`: the cluster is asked also where no option names it */
export async function readRequest(
  vms: readonly string[],
  options: MapOptions & CommitFlags & { readonly liveFacts?: boolean },
  context: CommandContext,
): Promise<AskedRequest> {
  const access = namedCluster(options) ?? (options.liveFacts ? {} : undefined);
  const schedule = await readSchedule(options);
  const groups = readGroups(options);
  const retired = afterCommit(options);
  const live = access && (await readClusterFacts(access, context));
  return {
    vms,
    ...(options.select !== undefined && { select: options.select }),
    type: options.warm === true ? 'warm' : 'cold',
    ...(schedule && { schedule }),
    ...(commitPolicy(options) && { commit: true }),
    ...(retired && { afterCommit: retired }),
    ...(groups.size > 0 && { groups }),
    guests: await guestTerms(options),
    inspects: options.inspect,
    ...(await readTables(options, mappingOptions(options), live)),
    forecast: forecastOptions(options, options.atOnce),
  };
}

function mappingOptions(options: MapOptions): MappingOptions {
  const { devices, namespace, cpus, memory, firmware } = options;
  const generateNetworks = networkGeneration(options);
  return {
    devices,
    ...(namespace === undefined ? {} : { namespace }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { memory }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(generateNetworks === undefined ? {} : { generateNetworks }),
    ...vmOptions(options),
  };
}

function parseCpus(text: string): number {
  const cpus = Number(text);
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > 512) throw new InvalidArgumentError('A whole number from 1 to 512.');
  return cpus;
}

/** Binary units as Kubernetes writes them; whole mebibytes, because a guest cannot have less. */
function parseMemory(text: string): Bytes {
  const match = /^(\d{1,6})(Mi|Gi|Ti)$/.exec(text);
  const unit = { Mi: MiB, Gi: GiB, Ti: TiB }[match?.[2] ?? ''];
  if (match === null || unit === undefined || Number(match[1]) === 0)
    throw new InvalidArgumentError('A size such as 512Mi or 4Gi.');
  return Number(match[1]) * unit;
}

/** 1 when any concern is as grave as `failOn` or graver. */
export function exitFor(report: Pick<Report, 'concerns' | 'vms' | 'waves'>, failOn: FailOn): 0 | 1 {
  const all = [...report.concerns, ...(report.waves?.concerns ?? []), ...report.vms.flatMap(({ concerns }) => concerns)];
  return failsOn(all, failOn) ? 1 : 0;
}

export function failsOn(concerns: readonly Concern[], failOn: FailOn): boolean {
  if (failOn === 'never') return false;
  const limit = ({ critical: 'Critical', warning: 'Warning', information: 'Information' } as const)[failOn] satisfies Category;
  const gravest = worst(concerns);
  return gravest !== undefined && atLeast(gravest, limit);
}
