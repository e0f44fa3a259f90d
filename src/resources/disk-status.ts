/** The disks of a VM as its status shows them: what is planned, how the latest copy of each ended, and that as a result again. Pure. */
import type { VmPlan } from '../model/plan.ts';
import type { DiskProof, TransferResult } from '../model/transfer.ts';
import type { VmMigrationStatus } from './vm-migration.ts';

export type DiskStatus = NonNullable<VmMigrationStatus['disks']>[number];

/** All disks of a plan, as they are before anything is copied. */
export function plannedDisks({ vm, mapping }: VmPlan): readonly DiskStatus[] {
  const classes = new Map(
    mapping.manifests.flatMap((manifest) =>
      manifest.kind === 'PersistentVolumeClaim' ? [[manifest.metadata.name, manifest.spec.storageClassName] as const] : [],
    ),
  );
  return mapping.placements.map(({ disk, claim }) => {
    const known = vm.disks.find(({ key }) => key === disk);
    const storage = known?.storage?.name;
    const storageClass = classes.get(claim);
    return {
      ...{ disk, claim, capacity: known?.capacity ?? 0, done: 0, total: 0, stage: 'waiting' as const },
      ...(storage !== undefined && { storage }),
      ...(storageClass !== undefined && { storageClass }),
    };
  });
}

/** The disks of a plan that was made anew: those that are as they were keep what is known of them. */
export function replannedDisks(plan: VmPlan, known: readonly DiskStatus[]): readonly DiskStatus[] {
  return plannedDisks(plan).map((disk) => {
    const before = known.find((each) => each.disk === disk.disk && each.claim === disk.claim && each.capacity === disk.capacity);
    return before ?? disk;
  });
}

/** A disk whose next copy begins: the result of the one before stays. */
export function begun(disk: DiskStatus): DiskStatus {
  return { ...disk, stage: 'copy', done: 0, total: 0 };
}

/** The disk with its latest result, or with none: what was copied counts no more then. A result that is shown already changes nothing. */
export function withResult(disk: DiskStatus, result: TransferResult | undefined): DiskStatus {
  const { moved: _moved, allocated: _allocated, seconds: _seconds, transport: _transport, ...planned } = withoutProof(disk);
  if (result === undefined) return disk.stage === 'complete' ? { ...planned, stage: 'waiting', done: 0, total: 0 } : planned;
  const shown = figuresOf(result);
  if (Object.entries(shown).every(([field, value]) => isSame(disk[field as keyof DiskStatus], value))) return disk;
  const { size, moved, allocated, passes = 1 } = result;
  const bytes = passes > 1 ? moved : allocated;
  return { ...planned, ...shown, capacity: size, stage: 'complete', done: bytes, total: bytes };
}

/** The result that `withResult` wrote; undefined of a disk of which no copy has ended. @param job its id */
export function resultOf(disk: DiskStatus, job: string): TransferResult | undefined {
  const { capacity: size, moved, allocated, seconds, transport = '', passes, compared, repaired } = disk;
  const proof = proofOf(disk);
  if (moved === undefined || allocated === undefined || seconds === undefined) return undefined;
  return {
    ...{ job, size, moved, allocated, seconds, transport },
    ...(compared !== undefined && { compared }),
    ...(passes !== undefined && { passes }),
    ...(repaired !== undefined && { repaired }),
    ...(proof && { proof }),
  };
}

function proofOf({ root, copiedRoot: copied, blockSize, capacity: size, allocated = 0 }: DiskStatus): DiskProof | undefined {
  if (root === undefined || blockSize === undefined) return undefined;
  return { algorithm: 'sha256', blockSize, root, ...(copied !== undefined && { copied }), size, allocated };
}

function figuresOf({ moved, allocated, seconds, transport, passes, compared, repaired, proof }: TransferResult) {
  return {
    ...{ moved, allocated, seconds, transport: transport.slice(0, 512) },
    ...(passes !== undefined && { passes }),
    ...(compared !== undefined && { compared: compared.slice(0, 1024) }),
    ...(repaired !== undefined && { repaired }),
    ...(proof !== undefined && { root: proof.root, blockSize: proof.blockSize }),
    ...(proof?.copied !== undefined && { copiedRoot: proof.copied }),
  };
}

function withoutProof({
  root: _root,
  copiedRoot: _copied,
  blockSize: _size,
  passes: _passes,
  compared: _compared,
  repaired: _mended,
  ...disk
}: DiskStatus) {
  return disk;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
