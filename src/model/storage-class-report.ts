/** What a storage class that a plan uses can do for the VMs on it. */
import type { Bytes } from './units.ts';

/** `unknown`: neither the facts nor the table of provisioners tell. */
export type Ability = 'yes' | 'no' | 'unknown';

export interface AbilityRemark {
  readonly ability: Ability;
  /** Where it is known from, or what has to be read to know it. */
  readonly because: string;
}

export interface StorageClassReport {
  /** Absent: the cluster's default class, which the facts do not name. */
  readonly name?: string;
  readonly provisioner?: string;
  /** Claims of the plan on this class, each once. */
  readonly claims: number;
  /** What they ask for in all. */
  readonly bytes: Bytes;
  /** Every claim of the plan on this class can be mounted on two nodes at once (ReadWriteMany). */
  readonly liveMigration: AbilityRemark;
  /** A VolumeSnapshotClass of the driver exists. */
  readonly snapshots: AbilityRemark;
  /** Volumes can grow. */
  readonly expansion: AbilityRemark;
  /** How copies of a volume are made. */
  readonly clone: AbilityRemark;
}
