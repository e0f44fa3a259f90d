/**
 * What a worker needs from outside: built by main.ts from the composition root, or by a test. This room reads one order, lets the copier or a
 * provider carry it out and says how it went; it knows no VM and no plan.
 */
import type { Clock } from '../contracts/clock.ts';
import type { DiskCopier } from '../contracts/disk-copier.ts';
import type { Log } from '../contracts/log.ts';
import type { Connection, ConnectOptions } from '../contracts/provider.ts';
import type { RecordRef, WorkerRecord } from '../contracts/worker-order.ts';

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  connect(source: string, options: ConnectOptions): Promise<Connection>;
  copier(): DiskCopier;
  /** Where this worker may write. */
  record(ref: RecordRef): Promise<WorkerRecord>;
  /** Text of a value, small enough for the record. */
  pack(value: unknown): Promise<string>;
  /** The content of a mounted file; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** One sentence on why the container ended. */
  lastWord(text: string): Promise<void>;
}
