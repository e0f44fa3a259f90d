/** What was sealed about the disks of a VM, as its VmMigration says. */
import type { ClaimedDisk } from '../../contracts/verification.ts';
import type { TransferResult } from '../../model/transfer.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { listAt, numberAt, textAt } from '../facts/json.ts';

/** Nothing of a VM that was canceled: its claims were removed on purpose. */
export function sealedDisks({ metadata: { namespace = '' }, status }: KubeObject): readonly ClaimedDisk[] {
  const vm = textAt(status, 'targetName');
  if (vm === undefined || textAt(status, 'phase') === 'Canceled') return [];
  return listAt(status, 'disks').flatMap((said) => {
    const [disk, claim] = [textAt(said, 'disk'), textAt(said, 'claim')];
    if (disk === undefined || claim === undefined) return [];
    const id = `${vm}/${disk}`;
    const result = resultOf(id, said);
    return { id, vm, disk, claim, namespace: textAt(status, 'targetNamespace') ?? namespace, ...(result && { result }) };
  });
}

function resultOf(job: string, disk: unknown): TransferResult | undefined {
  const size = numberAt(disk, 'capacity');
  if (size === undefined || textAt(disk, 'stage') !== 'complete') return undefined;
  const [root, blockSize, allocated = 0] = [textAt(disk, 'root'), numberAt(disk, 'blockSize'), numberAt(disk, 'allocated')];
  return {
    ...{ job, size, allocated },
    moved: numberAt(disk, 'moved') ?? 0,
    seconds: numberAt(disk, 'seconds') ?? 0,
    transport: textAt(disk, 'transport') ?? '',
    ...(root !== undefined && blockSize !== undefined && { proof: { algorithm: 'sha256', blockSize, root, size, allocated } }),
  };
}

/** A disk that VMs share was copied with one of them; the others only attach its claim. */
export function withoutShared(disks: readonly ClaimedDisk[]): readonly ClaimedDisk[] {
  const keyOf = ({ namespace, claim }: ClaimedDisk): string => `${namespace}/${claim}`;
  const copied = new Set(disks.filter(({ result }) => result !== undefined).map(keyOf));
  return disks.filter((disk) => disk.result !== undefined || !copied.has(keyOf(disk)));
}
