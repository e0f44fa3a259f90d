/** Troubles of a connection to a vSphere server. */
import { networkTrouble } from '../../src/model/network-trouble.ts';

/** Passes MigrationErrors and the signal's own reason through; what is trouble of a connection becomes a MigrationError. */
export function networkError(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return networkTrouble(error, host) ?? error;
}
