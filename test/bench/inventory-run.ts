/**
 * One measurement of the vSphere inventory, in a process of its own: `node inventory-run.ts read|watch`, with the server as JSON in
 * KUBEFERRY_BENCH_SERVER, prints what it cost as JSON. CPU time and peak memory are those of the whole process, start included.
 */
// The code is loaded before anything is measured but CPU time and memory: that happens once a process.
import '../../providers/vsphere/open.ts';
import { vsphereProvider } from '../../providers/vsphere/index.ts';
import type { Connection } from '../../src/contracts/provider.ts';
import type { ServerAddress } from '../peers/vcsim.ts';
import { type LongestTurn, watchTurns } from './turns.ts';

export interface InventoryRun {
  readonly vms: number;
  readonly devices: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly longestTurn: LongestTurn;
  /** CPU seconds of one changed VM; 0 where none was watched. */
  readonly changeSeconds: number;
}

/** Enough to tell the cost of one apart from the noise. */
const CHANGES = 100;

interface Counted {
  readonly vms: number;
  readonly devices: number;
}

async function read(connection: Connection, signal: AbortSignal): Promise<Counted> {
  let [vms, devices] = [0, 0];
  for await (const vm of connection.vms(signal)) {
    vms += 1;
    devices += vm.disks.length + vm.nics.length;
  }
  return { vms, devices };
}

async function watch(connection: Connection): Promise<Counted & { readonly changeSeconds: number }> {
  if (connection.watch === undefined) throw new Error('the provider does not watch');
  const stop = new AbortController();
  let [vms, current, before] = [0, 0, 0];
  for await (const event of connection.watch(stop.signal)) {
    if (event.kind === 'vm' && current === 0) vms += 1;
    if (event.kind !== 'current') continue;
    if (current === 0) before = cpuSeconds();
    if (current === CHANGES) break;
    current += 1;
  }
  const changeSeconds = (cpuSeconds() - before) / CHANGES;
  stop.abort();
  return { vms, devices: 0, changeSeconds };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

if (import.meta.main) {
  const server: ServerAddress = JSON.parse(process.env['KUBEFERRY_BENCH_SERVER'] ?? '');
  const { signal } = new AbortController();
  const turned = watchTurns();
  const connection = await vsphereProvider.connect(`vsphere://${server.host}:${server.port}`, {
    signal,
    credentials: async () => ({ user: server.username, password: server.password }),
    trust: { thumbprint: server.thumbprint.sha256 },
  });
  const counted =
    process.argv[2] === 'watch' ? await watch(connection) : { ...(await read(connection, signal)), changeSeconds: 0 };
  const longestTurn = turned();
  await connection[Symbol.asyncDispose]();
  const result: InventoryRun = {
    ...counted,
    cpuSeconds: cpuSeconds(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    longestTurn,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
