/**
 * vCenter and standalone ESXi.
 *
 *   index ─► connection ─► inventory/ (what is read, and how it becomes facts; pure but for its readers)
 *                │    └──► snapshots, changes, power, watch, diagnose, open-disk and access (where bytes are, how they are opened)
 *                ▼
 *            session ─► vim/ (the API on the wire: calls through `soap`, bulk reading as a stream)
 *                └────► http (one pool, one place that checks certificates)
 *
 * Facts only: what a fact means for a migration is judged elsewhere. Bytes of disks are not moved here.
 */
import type { ConnectOptions, Provider } from '../../src/contracts/provider.ts';
import { isVsphereUrl } from './address.ts';

/** The rest is loaded when it is wanted: two thirds of it are the packages for HTTP and SOAP, which other sources do without. */
const load = async (): Promise<typeof import('./open.ts')> => await import('./open.ts');

export const vsphereProvider: Provider = {
  kind: 'vsphere',
  claims: isVsphereUrl,
  connect: async (source: string, options: ConnectOptions) => await (await load()).connect(source, options),
  diagnose: async function* (source: string, options: ConnectOptions) {
    yield* (await load()).test(source, options);
  },
};
