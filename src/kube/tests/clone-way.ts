/** How copies of claims are made for a test, by what the storage says of itself. */
import type { KubeClient } from '../client/kube-client.ts';
import { FactsSource } from '../facts/source.ts';
import { readStorage } from '../facts/storage.ts';

/** `csi-clone`: the driver clones the volume; `snapshot`: a volume is made from a snapshot of it; `copy`: a worker copies it. */
export type CloneWay = 'csi-clone' | 'snapshot' | 'copy';

export interface ChosenWay {
  readonly by: CloneWay;
  /** Words that follow "because". */
  readonly because: string;
  /** By name of the storage class; for `snapshot`. */
  readonly snapshotClasses: Readonly<Record<string, string>>;
}

/** One way for all disks of a VM, so that they are of one moment: the best that each of their classes has. */
export async function chooseWay(client: KubeClient, classes: readonly string[], signal: AbortSignal): Promise<ChosenWay> {
  const source = new FactsSource(client, signal);
  const { storageClasses } = await readStorage(source);
  const missing = source.unknown.map(({ what }) => what);
  const unread = missing.length === 0 ? '' : ` (not readable: ${missing.join(', ')})`;
  const known = new Map(storageClasses?.map((one) => [one.name, one]));
  const snapshotClasses: Record<string, string> = {};
  let by: CloneWay = 'csi-clone';
  let because = `the StorageProfile of ${classes.join(', ')} says csi-clone`;
  const fallback = storageClasses?.find(({ isDefault }) => isDefault === true)?.name;
  for (const wanted of new Set(classes)) {
    const name = wanted === '' ? (fallback ?? 'the default class') : wanted;
    const { cloneStrategy, snapshotClass, provisioner = 'its driver' } = known.get(name) ?? {};
    if (snapshotClass !== undefined) snapshotClasses[wanted] = snapshotClass;
    if (cloneStrategy === 'csi-clone' && by === 'csi-clone') continue;
    const profile =
      cloneStrategy === undefined
        ? `no StorageProfile of ${name} says csi-clone`
        : `the StorageProfile of ${name} says ${cloneStrategy}`;
    if (snapshotClass !== undefined && cloneStrategy !== 'copy' && by !== 'copy') {
      because = `${profile}, and ${provisioner} has the VolumeSnapshotClass ${snapshotClass}`;
      by = 'snapshot';
      continue;
    }
    const none = snapshotClass === undefined ? `, and no VolumeSnapshotClass is known for ${provisioner}` : '';
    because = `${profile}${none}${unread}`;
    by = 'copy';
  }
  return { by, because, snapshotClasses };
}
