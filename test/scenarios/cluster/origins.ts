/** Where the VMs of stories come from: an OVA on a claim, and VMs of one vCenter that run until they are migrated. */
import { guestDisk } from '../../demo/guest/disk.ts';
import type { Vcenter } from '../../peers/vcenter.ts';
import type { Origin } from './play.ts';

export function ovaOrigin(ova: string): Origin {
  return {
    vm: '*',
    content: guestDisk(),
    readers: 1,
    running: () => undefined,
    furnish: async (ground, namespace) => {
      await ground.namespace(namespace, { 'guest.ova': ova });
      await ground.make(namespace, 'providers', 'source', { type: 'image', images: { claim: 'images', path: 'guest.ova' } });
    },
  };
}

const MiB = 1024 * 1024;

/** @param vm its name, of a VM that no other story has */
export async function vcenterOrigin(server: Vcenter, vm: string, seed: number): Promise<Origin> {
  const guest = await server.guest(vm, { capacity: 6 * MiB, seed });
  const [disk] = guest.disks;
  if (disk === undefined) throw new Error(`${vm} has no disk`);
  return {
    vm,
    get content() {
      return disk.content();
    },
    readers: 0,
    running: async () => {
      const told = await server.govc(['vm.info', '-json', vm]);
      return /"powerState": ?"poweredOn"/.test(told);
    },
    furnish: async (ground, namespace) => {
      await ground.namespace(namespace, {});
      const { username: user, password, thumbprint } = server;
      await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
      const url = `vsphere://${server.host}:${server.port}`;
      await ground.make(namespace, 'providers', 'source', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
    },
  };
}
