/**
 * Microsoft Hyper-V: a host, or a failover cluster by any of its nodes.
 *
 *   index ─► open ─► connection ─► inventory/ (how what the scripts answer becomes facts; pure)
 *              │             └──► all-vms, power, checkpoints, changes, retirement, open-disk (what is asked of which VM)
 *              │                       └──► whereabouts (which node has a VM now) ─► hosts (the nodes, and a remote for each)
 *              ├──► diagnose (every link, one after the other)
 *              └──► winrm/ or ssh/: how a script gets to a host and its answer back; scripts/: what they say
 *
 * Facts only: what a fact means for a migration is judged elsewhere. Bytes of disks are not moved here.
 */
import type { ConnectOptions, DiagnoseOptions, Provider } from '../../src/contracts/provider.ts';
import { isHypervUrl } from './address.ts';

/** The rest is loaded when it is wanted: other sources do without its packages. */
const load = async (): Promise<typeof import('./open.ts')> => await import('./open.ts');

export const hypervProvider: Provider = {
  kind: 'hyperv',
  claims: isHypervUrl,
  connect: async (source: string, options: ConnectOptions) => await (await load()).connect(source, options),
  diagnose: async function* (source: string, options: DiagnoseOptions) {
    yield* (await import('./diagnose.ts')).diagnose(source, options);
  },
};
