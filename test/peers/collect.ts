/** Runs govmomi's property collector against a server: the peer of the inventory benchmark, in `vsphere/collect`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildPeer } from './build.ts';
import type { ServerAddress } from './vcsim.ts';

export interface Collected {
  readonly vms: number;
  readonly devices: number;
  readonly pages: number;
  /** User and system time of the whole process. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakRssBytes: number;
}

export interface CollectOptions {
  /** VMs in one answer; 500 when absent. */
  readonly page?: number;
  /** All VMs are held in memory until the end. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

/** Reads properties of all VMs into govmomi's typed structs. @throws Error with what the program said */
export async function collect(
  server: ServerAddress,
  properties: readonly string[],
  options: CollectOptions = {},
): Promise<Collected> {
  const program = await buildPeer('vsphere', { package: './collect' });
  const args = [`-page=${options.page ?? 500}`, `-keep=${options.keep ?? false}`, ...properties];
  const env = { ...process.env, GOVC_URL: server.url, GOVC_USERNAME: server.username, GOVC_PASSWORD: server.password };
  const { stdout } = await promisify(execFile)(program, args, { env, signal: options.signal });
  return JSON.parse(stdout) as Collected;
}
