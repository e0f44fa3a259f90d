/**
 * An inventory full of odd hardware for `startVcsim({ load })`: a plain one is started, saved by govc and edited on disk. Made when a test asks
 * for it, in about three seconds, and not kept in the tree. VMs are named after what is odd about them (`odd/vms.ts`); beside them are a vApp,
 * a trunk, a private VLAN, an NSX segment as opaque network and as port group, and the switch's uplinks.
 * It shows how our reader takes such objects as govmomi writes them. That real servers write the same fields is taken from the API's reference.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { all, type Edit, rename, replace } from './odd/edit.ts';
import { oddVms, type Plugs } from './odd/vms.ts';
import { startVcsim } from './vcsim.ts';

/** Nothing is plugged in there, so that the edit by name is enough. */
const PLAIN: Plugs = { trunk: '', privateVlan: '', segment: '', opaqueNetwork: '', nsxPortgroup: '' };

/** Names of the odd VMs as vSphere stores them. */
export const ODD_NAMES: readonly string[] = Object.keys(oddVms(PLAIN));

interface Saved {
  readonly file: string;
  readonly id: string;
  readonly name: string;
  readonly xml: string;
}

/** Writes the inventory. @param folder must not exist yet, its parent must */
export async function saveOddInventory(folder: string): Promise<void> {
  await savePlain(folder);
  const portgroups = await read(folder, 'DistributedVirtualPortgroup');
  await write(
    named(portgroups, 'DC0_DVPG1'),
    vlan(
      'VmwareDistributedVirtualSwitchTrunkVlanSpec',
      '<vlanId><start>10</start><end>20</end></vlanId><vlanId><start>100</start><end>4000</end></vlanId>',
    ),
  );
  await write(named(portgroups, 'DC0_DVPG2'), vlan('VmwareDistributedVirtualSwitchPvlanSpec', '<pvlanId>155</pvlanId>'));
  const [opaque] = await read(folder, 'OpaqueNetwork');
  if (!opaque) throw new Error('the simulator made no opaque network');
  const edits = oddVms({
    trunk: named(portgroups, 'DC0_DVPG1').id,
    privateVlan: named(portgroups, 'DC0_DVPG2').id,
    nsxPortgroup: named(portgroups, 'DC0_NSXPG0').id,
    opaqueNetwork: opaque.id,
    segment: /<opaqueNetworkId>([^<]*)/.exec(opaque.xml)?.[1] ?? '',
  });
  const vms = (await read(folder, 'VirtualMachine')).filter(({ name }) => name.startsWith('DC0_H0_'));
  for (const [at, [name, edit]] of Object.entries(edits).entries()) {
    const vm = vms[at];
    if (!vm) throw new Error('the simulator made too few VMs');
    await write(vm, all(edit, rename(vm.name, name)));
  }
}

async function savePlain(folder: string): Promise<void> {
  const model = { cluster: 1, clusterHost: 1, app: 1, portgroup: 3, portgroupNSX: 1, opaqueNetwork: 1 };
  await using vcsim = await startVcsim({ vms: ODD_NAMES.length, model });
  await vcsim.govc(['object.save', '-d', folder]);
}

async function read(folder: string, type: string): Promise<readonly Saved[]> {
  const files = (await readdir(folder)).filter((file) => new RegExp(`^\\d+-${type}-.*\\.xml$`).test(file));
  const saved = files.map(async (file) => {
    const xml = await readFile(join(folder, file), 'utf8');
    const id = /<obj [^>]*>([^<]*)/.exec(xml)?.[1] ?? '';
    return { file: join(folder, file), id, name: /<name>name<\/name>\s*<val [^>]*>([^<]*)/.exec(xml)?.[1] ?? '', xml };
  });
  return Promise.all(saved);
}

function named(all: readonly Saved[], name: string): Saved {
  const found = all.find((saved) => saved.name === name);
  if (!found) throw new Error(`the simulator made no ${name}`);
  return found;
}

async function write(saved: Saved, edit: Edit): Promise<void> {
  await writeFile(saved.file, edit(saved.xml));
}

function vlan(type: string, inner: string): Edit {
  return replace(/<vlan [\s\S]*?<\/vlan>/, `<vlan xsi:type="${type}"><inherited>false</inherited>${inner}</vlan>`);
}
