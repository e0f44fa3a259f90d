/** The volumes of a worker, and where it sees them. */
import { JOURNAL, WORKER_PATHS } from '../../model/worker-paths.ts';

/** Annotation of the Pod: what the worker is to do, as JSON. Annotations have 256 KiB in all. */
export const ORDER = 'kubeferry.dev/order';

/** Claim with image files. */
export interface SourceClaim {
  readonly claim: string;
  /** One node at a time can mount it. */
  readonly oneNode: boolean;
  /** A file is brought onto it. */
  readonly writable?: boolean;
}

/** Claim that receives a disk. */
export type TargetClaim =
  | { readonly claim: string; readonly block: false }
  /** `journal`: a claim with a file system, for what has to outlive the Pod. */
  | { readonly claim: string; readonly block: true; readonly journal: string };

/** Claim with a disk that is only read. */
export interface KeptClaim {
  readonly claim: string;
  readonly block: boolean;
}

/** What the conversion of a guest needs. */
export interface ConvertedClaims {
  /** In the order of the VM's disks. `journal`: the claim for the journal of its copy, where there still is one. */
  readonly disks: readonly (KeptClaim & { readonly journal?: string })[];
  /** Claim with a file system, for what has to outlive the Pod; absent where nothing is written. */
  readonly scratch?: string;
  /** Secret with the passphrases of encrypted volumes. */
  readonly keys?: string;
  /** Claim with virtio-win. */
  readonly virtioWin?: string;
}

export interface MountedThings {
  /** Claim with image files. */
  readonly source?: SourceClaim;
  /** Secret of the login. */
  readonly secret?: string;
  /** Image that brings the user's VDDK: its entry point copies the library into `/opt`. */
  readonly vddk?: string;
  /** Claims with shares of the source. */
  readonly shares?: readonly string[];
  readonly target?: TargetClaim;
  readonly kept?: KeptClaim;
  /** Claim that receives a whole disk, and the one that it is copied from. */
  readonly clone?: { readonly from?: KeptClaim; readonly to: KeptClaim };
  readonly converted?: ConvertedClaims;
}

interface PodVolume {
  readonly volume: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly mount?: { readonly name: string; readonly mountPath: string; readonly readOnly?: true };
  readonly device?: { readonly name: string; readonly devicePath: string };
}

/** What images with VDDK bring, by the custom of those who build them. */
export const VDDK_LIBRARY = '/opt/vmware-vix-disklib-distrib';

export function podVolumes({
  source,
  secret,
  vddk,
  shares = [],
  target,
  kept,
  clone,
  converted,
}: MountedThings): readonly PodVolume[] {
  const order = { path: 'order.json', fieldRef: { fieldPath: `metadata.annotations['${ORDER}']` } };
  const all: PodVolume[] = [
    mounted('order', '/kubeferry/order', { projected: { sources: [{ downwardAPI: { items: [order] } }] } }, true),
    mounted('tmp', '/tmp', { emptyDir: {} }),
  ];
  if (secret !== undefined) all.push(mounted('login', WORKER_PATHS.login, { secret: { secretName: secret } }, true));
  if (vddk !== undefined) all.push(mounted('vddk', '/opt', { emptyDir: {} }, true));
  if (source !== undefined) {
    const readOnly = source.writable !== true;
    all.push(mounted('source', WORKER_PATHS.source, { persistentVolumeClaim: { claimName: source.claim, readOnly } }, readOnly));
  }
  for (const [index, claimName] of shares.entries()) {
    const claim = { persistentVolumeClaim: { claimName, readOnly: true } };
    all.push(mounted(`share-${index}`, `${WORKER_PATHS.shares}/${claimName}`, claim, true));
  }
  if (kept !== undefined) all.push(keptVolume(kept));
  if (clone?.from !== undefined) all.push(cloneVolume('kept', clone.from));
  if (clone !== undefined) all.push(cloneVolume('disk', clone.to));
  if (converted !== undefined) all.push(...convertedVolumes(converted));
  if (target === undefined) return all;
  const persistentVolumeClaim = { claimName: target.claim };
  if (!target.block) return [...all, mounted('disk', WORKER_PATHS.disk, { persistentVolumeClaim })];
  const journal = mounted('journal', WORKER_PATHS.journal, { persistentVolumeClaim: { claimName: target.journal } });
  return [...all, { volume: { name: 'disk', persistentVolumeClaim }, device: DEVICE }, journal];
}

const DEVICE = { name: 'disk', devicePath: WORKER_PATHS.device };

/** Read-only is the mount, not the volume: drivers differ in what they make of that. A device is only ever opened for reading. */
function keptVolume({ claim, block }: KeptClaim): PodVolume {
  const persistentVolumeClaim = { claimName: claim };
  if (block) return { volume: { name: 'disk', persistentVolumeClaim }, device: DEVICE };
  return mounted('disk', WORKER_PATHS.disk, { persistentVolumeClaim }, true);
}

function cloneVolume(name: 'kept' | 'disk', { claim, block }: KeptClaim): PodVolume {
  const persistentVolumeClaim = { claimName: claim };
  if (!block) return mounted(name, WORKER_PATHS[name], { persistentVolumeClaim }, name === 'kept');
  const devicePath = name === 'kept' ? WORKER_PATHS.keptDevice : WORKER_PATHS.device;
  return { volume: { name, persistentVolumeClaim }, device: { name, devicePath } };
}

/** Where a Pod sees the disk with this number, of those whose guest is converted. */
export function convertedPath(index: number, { block }: Pick<KeptClaim, 'block'>): string {
  return block ? `${WORKER_PATHS.devices}${index}` : `${WORKER_PATHS.disks}/${index}/disk.img`;
}

/** Where it sees the journal of its copy. */
export function convertedJournal(index: number, disk: Pick<KeptClaim, 'block'>): string {
  return disk.block ? `${WORKER_PATHS.journals}/${index}/${JOURNAL}` : `${convertedPath(index, disk)}.journal`;
}

function convertedVolumes({ disks, scratch, keys, virtioWin }: ConvertedClaims): readonly PodVolume[] {
  const volumes = disks.flatMap(({ claim, block, journal }, index): readonly PodVolume[] => {
    const name = `disk-${index}`;
    const persistentVolumeClaim = { claimName: claim };
    if (!block) return [mounted(name, `${WORKER_PATHS.disks}/${index}`, { persistentVolumeClaim })];
    const disk = { volume: { name, persistentVolumeClaim }, device: { name, devicePath: convertedPath(index, { block }) } };
    if (journal === undefined) return [disk];
    const kept = { persistentVolumeClaim: { claimName: journal } };
    return [disk, mounted(`journal-${index}`, `${WORKER_PATHS.journals}/${index}`, kept)];
  });
  if (scratch !== undefined) {
    volumes.push(mounted('conversion', WORKER_PATHS.conversion, { persistentVolumeClaim: { claimName: scratch } }));
  }
  if (keys !== undefined) volumes.push(mounted('keys', WORKER_PATHS.keys, { secret: { secretName: keys } }, true));
  if (virtioWin !== undefined) {
    const persistentVolumeClaim = { claimName: virtioWin, readOnly: true };
    volumes.push(mounted('virtio-win', WORKER_PATHS.virtioWin, { persistentVolumeClaim }, true));
  }
  return volumes;
}

function mounted(name: string, mountPath: string, what: Readonly<Record<string, unknown>>, readOnly = false): PodVolume {
  return { volume: { name, ...what }, mount: { name, mountPath, ...(readOnly && { readOnly }) } };
}
