/** VMs and disks of the simulator, made and taken away in the stand-in's own session. */
import { decode, encode, type Reference, returned, SERVICE_INSTANCE, service } from './soap.ts';
import type { Upstream } from './upstream.ts';

/** A disk as the simulator has it. */
export interface PluggedDisk {
  readonly key: number;
  /** Descriptor, `[datastore] folder/name.vmdk`. */
  readonly file: string;
  readonly controllerKey: number;
  readonly unit: number;
}

const DISK = /<VirtualDevice\b[^>]*type="VirtualDisk"[^>]*>([\s\S]*?)<\/VirtualDevice>/g;
/** Unit of a SCSI controller that is the controller itself. */
const RESERVED_UNIT = 7;
const NIC = /<VirtualDevice\b[^>]*type="(VirtualE1000e?|VirtualVmxnet3)"[^>]*>([\s\S]*?)<\/VirtualDevice>/;
let filesMade = 0;
let addressesGiven = 0;

export function virtualMachine(id: string): Reference {
  return { type: 'VirtualMachine', id };
}

/** Ids of all VMs by name. */
export async function machineIds(upstream: Upstream): Promise<ReadonlyMap<string, string>> {
  const content = await upstream.call('RetrieveServiceContent', SERVICE_INSTANCE);
  const root = service(content, 'rootFolder');
  const below = `<container type="Folder">${root.id}</container><type>VirtualMachine</type><recursive>true</recursive>`;
  const view = returned(await upstream.call('CreateContainerView', service(content, 'viewManager'), below));
  const traversal =
    '<selectSet xsi:type="TraversalSpec"><name>view</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>';
  const objects = `<objectSet><obj type="ContainerView">${encode(view)}</obj><skip>true</skip>${traversal}</objectSet>`;
  const names = '<propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet>';
  const found = await upstream.call(
    'RetrievePropertiesEx',
    service(content, 'propertyCollector'),
    `<specSet>${names}${objects}</specSet><options/>`,
  );
  await upstream.call('DestroyView', { type: 'ContainerView', id: view });
  const entries = found.matchAll(/<obj type="VirtualMachine">([^<]*)<\/obj>.*?<val\b[^>]*>([^<]*)</gs);
  return new Map([...entries].map(([, id = '', name = '']) => [decode(name), id]));
}

/** A new VM that is on, like another one. Gives its id. */
export async function cloneMachine(upstream: Upstream, from: string, name: string): Promise<string> {
  const folder = references(await upstream.property(virtualMachine(from), 'parent'), 'Folder')[0] ?? '';
  const spec = '<location></location><template>false</template><powerOn>false</powerOn>';
  const inner = `<folder type="Folder">${folder}</folder><name>${encode(name)}</name><spec>${spec}</spec>`;
  const made = await upstream.run('CloneVM_Task', virtualMachine(from), inner);
  await giveAddress(upstream, made);
  await upstream.run('PowerOnVM_Task', virtualMachine(made));
  return made;
}

/** A clone of the simulator has the MAC address of its original; vCenter gives each NIC one of its own. */
async function giveAddress(upstream: Upstream, vm: string): Promise<void> {
  const devices = await upstream.property(virtualMachine(vm), 'config.hardware.device');
  const [, type, nic = ''] = NIC.exec(devices) ?? [];
  if (type === undefined) return;
  addressesGiven += 1;
  const [high, low] = [addressesGiven >> 8, addressesGiven & 0xff].map((byte) => byte.toString(16).padStart(2, '0'));
  const changed = nic.replace(/<macAddress>[^<]*</, `<macAddress>00:0c:29:ee:${high}:${low}<`);
  await reconfigure(upstream, vm, `<operation>edit</operation><device xsi:type="${type}">${changed}</device>`);
}

export async function pluggedDisks(upstream: Upstream, vm: string): Promise<readonly PluggedDisk[]> {
  const devices = await upstream.property(virtualMachine(vm), 'config.hardware.device');
  return [...devices.matchAll(DISK)].map(([, disk = '']) => ({
    key: Number(/<key>(\d+)</.exec(disk)?.[1]),
    file: /<fileName>([^<]*)</.exec(disk)?.[1] ?? '',
    controllerKey: Number(/<controllerKey>(\d+)</.exec(disk)?.[1]),
    unit: Number(/<unitNumber>(\d+)</.exec(disk)?.[1]),
  }));
}

/** The disks of a VM, after it got as many as there are capacities; as they are where none are given. */
export async function matchDisks(
  upstream: Upstream,
  vm: string,
  capacities: readonly number[] | undefined,
): Promise<readonly PluggedDisk[]> {
  const there = await pluggedDisks(upstream, vm);
  if (capacities === undefined || capacities.length === there.length) return there;
  for (const disk of there.slice(capacities.length)) await unplugDisk(upstream, vm, disk);
  for (const capacity of capacities.slice(there.length)) await plugDisk(upstream, vm, capacity);
  return pluggedDisks(upstream, vm);
}

/** One more disk beside the first. @param capacity bytes */
export async function plugDisk(upstream: Upstream, vm: string, capacity: number): Promise<PluggedDisk> {
  const before = await pluggedDisks(upstream, vm);
  const [first] = before;
  if (!first) throw new Error(`VM ${vm} has no disk to put another one beside`);
  const used = new Set([RESERVED_UNIT, ...before.map(({ unit }) => unit)]);
  let unit = 0;
  while (used.has(unit)) unit += 1;
  filesMade += 1;
  const file = first.file.replace(/[^/]*$/, `added-${filesMade}.vmdk`);
  const backing = `<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>${encode(file)}</fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing>`;
  const device = `<device xsi:type="VirtualDisk"><key>-1</key>${backing}<controllerKey>${first.controllerKey}</controllerKey><unitNumber>${unit}</unitNumber><capacityInKB>${capacity / 1024}</capacityInKB></device>`;
  await reconfigure(upstream, vm, `<operation>add</operation><fileOperation>create</fileOperation>${device}`);
  const known = new Set(before.map(({ key }) => key));
  const added = (await pluggedDisks(upstream, vm)).find(({ key }) => !known.has(key));
  if (!added) throw new Error(`the simulator did not add a disk to ${vm}`);
  return added;
}

/** Takes a disk away; its files stay. */
export async function unplugDisk(upstream: Upstream, vm: string, { key, controllerKey, unit }: PluggedDisk): Promise<void> {
  const device = `<device xsi:type="VirtualDisk"><key>${key}</key><controllerKey>${controllerKey}</controllerKey><unitNumber>${unit}</unitNumber><capacityInKB>0</capacityInKB></device>`;
  await reconfigure(upstream, vm, `<operation>remove</operation>${device}`);
}

async function reconfigure(upstream: Upstream, vm: string, change: string): Promise<void> {
  const spec = `<spec><deviceChange xsi:type="VirtualDeviceConfigSpec">${change}</deviceChange></spec>`;
  await upstream.run('ReconfigVM_Task', virtualMachine(vm), spec);
}

/** Ids of the references of that type in a piece of XML, in order. */
export function references(xml: string, type: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`type="${type}"[^>]*>([^<]+)<`, 'g'))].map(([, id = '']) => id);
}

/** What makes the simulator say whether VMware Tools run. */
export function toolsOption(running: boolean): string {
  const value = running ? 'guestToolsRunning' : 'guestToolsNotRunning';
  return `<extraConfig><key>SET.guest.toolsRunningStatus</key><value xsi:type="xsd:string">${value}</value></extraConfig>`;
}
