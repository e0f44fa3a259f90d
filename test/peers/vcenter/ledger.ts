/** What happened at the stand-in, for a test to look at. */

import type { Chronicle } from './chronicle.ts';
import type { Struck } from './faults.ts';
import type { LeaseRecord } from './leases.ts';
import type { SnapshotRecord } from './machines.ts';
import type { SessionRecord } from './sessions.ts';
import type { StandIn } from './stand-in.ts';

/** Each member tells of the moment when it is read. */
export interface Ledger {
  readonly sessions: readonly SessionRecord[];
  readonly openSessions: readonly SessionRecord[];
  readonly leases: readonly LeaseRecord[];
  /** Leases that nobody has ended. */
  readonly openLeases: readonly LeaseRecord[];
  readonly snapshots: readonly SnapshotRecord[];
  /** Snapshots that clients have made and that exist; those of others are left out. */
  readonly openSnapshots: readonly SnapshotRecord[];
  /** Power, snapshots and troubles in one order. */
  readonly chronicle: Chronicle;
  readonly struck: readonly Struck[];
  /** Every request in order: the operation, or the method and path. */
  readonly requests: readonly string[];
  /** Logins tried, good or bad. */
  readonly logins: number;
}

export function ledgerOf(stand: StandIn): Ledger {
  return {
    get sessions() {
      return stand.sessions.all;
    },
    get openSessions() {
      return stand.sessions.open;
    },
    get leases() {
      return stand.leases.all;
    },
    get openLeases() {
      return stand.leases.all.filter((lease) => lease.state === 'ready');
    },
    get snapshots() {
      return stand.machines.snapshots;
    },
    get openSnapshots() {
      return stand.machines.snapshots.filter((snapshot) => snapshot.state === 'present' && !snapshot.foreign);
    },
    get chronicle() {
      return stand.machines.chronicle;
    },
    get struck() {
      return stand.faults.struck;
    },
    get requests() {
      return stand.requests;
    },
    get logins() {
      return stand.sessions.logins;
    },
  };
}
