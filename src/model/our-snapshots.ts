/** What tells our snapshots from everybody else's: people find it in the snapshot manager of the source. */
export const SNAPSHOT_PREFIX = 'kubeferry';

/** Whether a snapshot or checkpoint at the source is one that a migration of ours made, or left behind. */
export function isOurSnapshot(name: string): boolean {
  return name.startsWith(`${SNAPSHOT_PREFIX} `);
}
