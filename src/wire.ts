/** Composition root: names → real parts. Imported by nothing but the main.ts of a door. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROVIDERS } from '../providers/index.ts';
import type { AdjustableBandwidth, Bandwidth, BandwidthLimit } from './contracts/bandwidth.ts';
import type { Clock } from './contracts/clock.ts';
import type { ClusterAccess, FactsReading } from './contracts/cluster.ts';
import type { FolderTarget, Store } from './contracts/destination.ts';
import type { DiskCopier } from './contracts/disk-copier.ts';
import type { FolderWishes } from './contracts/folder-migration.ts';
import type { ConverterOptions } from './contracts/guest-converter.ts';
import type { GuestInspector } from './contracts/guest-inspector.ts';
import type { TryGuest } from './contracts/guest-trials.ts';
import type { BootProver, GuestConversions } from './contracts/guests.ts';
import type { JobQueue } from './contracts/job-queue.ts';
import type { ClusterPlans } from './contracts/plans.ts';
import type { Check, Connection, ConnectOptions, DiagnoseOptions, Provider } from './contracts/provider.ts';
import type { ClaimLooks } from './contracts/verification.ts';
import type { NetworkProbe, RecordRef, RemoteFile, WorkerRecord } from './contracts/worker-order.ts';
import { chooseAccelerator } from './convert/boot/accelerator.ts';
import { groundAt, insist } from './convert/boot/probes.ts';
import { convertGuest } from './convert/convert-guest.ts';
import { guestConverter } from './convert/guest/converter.ts';
import { imageInspector } from './convert/image-inspector.ts';
import { readKeyFolder } from './convert/key-folder.ts';
import { LocalConversions } from './convert/local-conversions.ts';
import { LocalProver } from './convert/local-prover.ts';
import { guestTrials } from './convert/local-trials.ts';
import { FolderDestination } from './folder/folder-destination.ts';
import { FolderStore } from './folder/folder-store.ts';
import { type FolderWishesOptions, openFolderWishes } from './folder/folder-wishes.ts';
import { openCluster, readFacts as readFactsOf } from './kube/index.ts';
import { LooksByJobs } from './kube/jobs/claim-looks.ts';
import { ImageRecord } from './kube/jobs/image-record.ts';
import { workerSetup } from './kube/jobs/worker-setup.ts';
import { type OperatorClusterOptions, operatorCluster } from './kube/operator-cluster.ts';
import { openPlans as openPlansOf } from './kube/plans/cluster-plans.ts';
import { leadWhenElected } from './kube/runtime/leader.ts';
import type { Accelerator, ConversionRequest, GuestOutcome } from './model/conversion.ts';
import { MigrationError } from './model/errors.ts';
import { runFiles, vmFiles } from './report/folder.ts';
import { withRetries } from './retry.ts';
import { type FetchOptions, fetchFile as fetchFileWith } from './transfer/fetch/fetch-file.ts';
import { FileHasher } from './transfer/hash-file.ts';
import { ScheduledBandwidth } from './transfer/limits/scheduled-bandwidth.ts';
import { LocalDiskCopier } from './transfer/local-copier.ts';
import { showImage } from './transfer/transports/file/share-image.ts';
import { lookAtShared, openShared } from './transfer/transports/smb/open-shared.ts';
import { probeVddk } from './transfer/transports/vddk/probe.ts';

export { checkGuestTools } from './convert/check-tools.ts';
export { openFolderMigration as openMigration } from './folder/folder-migration.ts';
export { openFolderTests as openTests } from './folder/folder-tests.ts';
export { FolderDisks } from './folder/kept-disks.ts';
export { workerSetup } from './kube/jobs/worker-setup.ts';
export { createLog } from './log.ts';
export { createMetrics } from './metrics/index.ts';
export { cloneDisk } from './transfer/qemu-img/clone-disk.ts';
export { makeOverlay } from './transfer/qemu-img/overlay.ts';
export { createQueue } from './transfer/queue.ts';
export { removeFinished } from './transfer/remove-finished.ts';
export { FileHasher };

/** Milliseconds that a timer can be set to: a longer one would end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    let left = milliseconds;
    for (; left > LONGEST_TIMER; left -= LONGEST_TIMER) await sleep(LONGEST_TIMER, undefined, { signal });
    await sleep(left, undefined, { signal });
  },
};

/** Of this program. From sources the package is one folder up, from dist two. */
export async function readVersion(): Promise<string> {
  for (const up of ['../package.json', '../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined);
    if (text !== undefined) return String(JSON.parse(text).version);
  }
  return 'unknown';
}

/** Asks a guest at its address until it answers. @throws the reason of the signal */
export async function askGuest(host: string, probe: NetworkProbe, options: Parameters<typeof insist>[2]): Promise<string> {
  return await insist(probe, groundAt(host, probe), options);
}

/** Moves disks on this machine. @param vddkFolder where the user's VDDK is, for disks that are read through it */
export function createCopier(bandwidth: Bandwidth, vddkFolder?: string): DiskCopier {
  return new LocalDiskCopier({
    clock: systemClock,
    bandwidth,
    ...(vddkFolder !== undefined && { vddk: { libraryFolder: vddkFolder } }),
  });
}

/** What all transfers of this process together may read. */
export function createBandwidth(limit: BandwidthLimit): AdjustableBandwidth {
  return new ScheduledBandwidth(systemClock, limit);
}

/**
 * Opens a source with the provider that claims it. What lives on a server is asked again where that helps; files do not get
 * better by that.
 * @throws MigrationError `source-unrecognised` and what the provider throws
 */
export async function connect(source: string, options: ConnectOptions): Promise<Connection> {
  const connection = await providerOf(source).connect(source, options);
  return connection.access === undefined ? connection : withRetries(connection, { clock: systemClock });
}

/**
 * Tests the way to a source. Where its provider has no tests of its own, opening it is the test.
 * @throws MigrationError `source-unrecognised`
 */
export async function* diagnose(source: string, options: DiagnoseOptions): AsyncGenerator<Check> {
  const provider = providerOf(source);
  if (provider.diagnose !== undefined) {
    yield* provider.diagnose(source, { look: lookAtDisk, ...options });
    return;
  }
  try {
    await using connection = await provider.connect(source, options);
    yield { id: 'open', label: 'Source', outcome: 'ok', finding: `${connection.name} can be opened` };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    yield { id: 'open', label: 'Source', outcome: 'failed', finding: error.message, todo: error.hint };
  }
}

/** The files of a disk, opened as a copy would, and the beginning of the first. */
const lookAtDisk: NonNullable<DiagnoseOptions['look']> = async (source, access, signal) => {
  if (source.kind !== 'shared-image') throw new Error(`the doctor of no source has disks of the kind ${source.kind} looked at`);
  const options = { signal, clock: systemClock, attempts: 1 };
  const found = await lookAtShared(source.layers[0].file, access, options);
  const reader = await openShared(source, access, options);
  await reader[Symbol.asyncDispose]();
  const { length } = source.layers;
  return length === 1 ? found : `${found}; all ${length} images of its chain were opened`;
};

/** Tests whether nbdkit can load the user's VDDK. Nobody is called. */
export async function checkVddk(folder: string, signal: AbortSignal): Promise<Check> {
  const about = { id: 'vddk', label: 'VDDK library' };
  try {
    const { version, transports } = await probeVddk(folder, signal);
    return { ...about, outcome: 'ok', finding: `nbdkit loads version ${version}, which knows ${transports}` };
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === 'canceled') throw error;
    return { ...about, outcome: 'failed', finding: error.message, todo: error.hint };
  }
}

function providerOf(source: string): Provider {
  const provider = PROVIDERS.find((candidate) => candidate.claims(source));
  if (provider === undefined) throw new MigrationError('source-unrecognised', `No provider knows what ${source} is.`);
  return provider;
}

/** A folder as destination, with the progress that is kept in it, and what people say about it meanwhile. */
export function openFolder(folder: string): {
  readonly target: FolderTarget;
  readonly store: Store;
  wishes(options: Pick<FolderWishesOptions, 'schedule' | 'plans'>): Promise<FolderWishes>;
  guests(queue: JobQueue): { readonly conversions: GuestConversions; readonly prover: BootProver };
} {
  const store = new FolderStore(folder);
  const target = new FolderDestination(folder, { vmFiles, runFiles });
  return {
    target,
    store,
    guests: (queue) => localGuests(target, queue),
    wishes: (options) => openFolderWishes(folder, { ...options, store, clock: systemClock }),
  };
}

/** What runs guests on this machine; tried out once in the life of this process. @throws MigrationError `tool-missing` */
export async function accelerator(signal: AbortSignal): Promise<Accelerator> {
  return (await chooseAccelerator(signal)).name;
}

/** Of libguestfs on this machine. */
function applianceFolder(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'kubeferry', 'appliance');
}

/** Looks into guests whose disks are files here; those of servers are looked into once they are copied. */
export function inspectImages(connection: Connection): GuestInspector {
  return imageInspector({
    show: async ({ ref }, disk, signal) => {
      const source = await connection.openDisk(ref, disk, signal);
      return source.kind === 'image' ? await showImage(source, signal) : undefined;
    },
    cacheFolder: applianceFolder(),
    accelerator,
  });
}

/** Memory that a guest gets at most while it is watched; more says nothing more about whether it boots. */
const PROOF_MIB = 2048;

function localGuests(target: FolderDestination, queue: JobQueue) {
  const conversions = new LocalConversions({
    converter: guestConverter({ cacheFolder: applianceFolder() }),
    hasher: new FileHasher(),
    queue,
    workspaceOf: (plan) => target.workspace(plan, 'conversion'),
    accelerator,
  });
  const prover = new LocalProver({
    diskPath: (plan, disk) => target.diskTarget(plan, disk).path,
    workspaceOf: (plan) => target.workspace(plan, 'proof'),
    pictureOf: (plan) => target.picture(plan),
    queue,
    limits: { cpus: os.availableParallelism(), memoryMiB: PROOF_MIB },
  });
  return { conversions, prover };
}

/** Does to overlays what a cutover would do to a guest's disks. */
export const tryGuest: TryGuest = guestTrials({ converter: guestConverter({ cacheFolder: applianceFolder() }), accelerator });

/** Converts a guest, or looks whether it needs no conversion, where this process is: the work of a worker beside its claims. @see worker/services.ts */
export async function convertGuestHere(
  request: ConversionRequest,
  policy: GuestOutcome['policy'],
  { keys, accelerator, ...options }: Omit<ConverterOptions, 'keys'> & { readonly keys: string },
): Promise<GuestOutcome> {
  const { signal } = options;
  const cacheFolder = path.join(process.env['XDG_CACHE_HOME'] || os.tmpdir(), 'kubeferry-appliance');
  const converter = guestConverter({ cacheFolder });
  return await convertGuest(request, policy, {
    ...{ ...options, converter, hasher: new FileHasher(), keys: await readKeyFolder(keys) },
    accelerator: accelerator === 'kvm' ? (await chooseAccelerator(signal)).name : accelerator,
  });
}

/** What a cluster has, as it is now. @throws MigrationError where it cannot be asked at all */
export async function readFacts(access: ClusterAccess, signal: AbortSignal): Promise<FactsReading> {
  return await readFactsOf(access, systemClock, signal);
}

/** Plans in a cluster. @throws MigrationError `cluster-not-configured` */
export async function openPlans(access: ClusterAccess): Promise<ClusterPlans> {
  return await openPlansOf(access, systemClock);
}

/**
 * Looks at claims of a cluster. @param image of the workers @param settings of them, as JSON; the defaults when absent
 * @throws MigrationError `cluster-not-configured`, `config-invalid`
 */
export async function openLooks(
  access: ClusterAccess,
  { image, settings }: { readonly image: string; readonly settings?: string },
): Promise<ClaimLooks> {
  const setup = workerSetup(image, settings);
  return new LooksByJobs({ cluster: await openCluster(access, systemClock), clock: systemClock, setup });
}

/** Brings a file behind a URL to a path. @throws MigrationError of the source and of the target */
export async function fetchFile(file: RemoteFile, options: Omit<FetchOptions, 'clock'>): Promise<void> {
  await fetchFileWith(file, { ...options, clock: systemClock });
}

/** The cluster of the Pod that we are, by its environment; where a kubeconfig is named, or this is no Pod, as kubectl chooses. */
export function ownCluster(env: Readonly<Record<string, string | undefined>>): ClusterAccess {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  return KUBECONFIG || !host ? {} : { pod: { host, port } };
}

/** What a worker writes: in the cluster that it runs in. */
export async function openRecord(ref: RecordRef, access: ClusterAccess): Promise<WorkerRecord> {
  const { client } = await openCluster(access, systemClock);
  return new ImageRecord(client, ref);
}

/** What an operator works with: the cluster that it runs in, or that of its kubeconfig. One operator at a time leads. */
export async function openOperatorCluster(
  options: Omit<OperatorClusterOptions, 'client' | 'clock'> & { readonly access: ClusterAccess },
) {
  const { access, instance, onTrouble, observer } = options;
  const tuning = { ...(observer !== undefined && { observer }) };
  const { client, namespace: own = 'default' } = await openCluster(access, systemClock, tuning);
  const { namespace = own } = options;
  const lease = { namespace, name: 'kubeferry-operator' };
  const identity = `${instance}-${randomUUID()}`;
  return {
    ...operatorCluster({ ...options, client, clock: systemClock }),
    lead: async (work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal) =>
      await leadWhenElected({ client, lease, identity, clock: systemClock, onTrouble }, work, signal),
  };
}
