/** Run by size.test.ts in a process of its own: reads an export and prints what it took. */
import { rvtoolsProvider } from '../../../providers/rvtools/index.ts';

const { signal } = new AbortController();
await using connection = await rvtoolsProvider.connect(process.argv[2] ?? '', { signal });
let vms = 0;
let disks = 0;
let nics = 0;
for await (const vm of connection.vms(signal)) {
  vms += 1;
  disks += vm.disks.length;
  nics += vm.nics.length;
}
const { user, system } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({ vms, disks, nics, cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 }),
);
