/** Rows of vNetwork → NICs. VLANs are not in that sheet; they are looked up at the port groups. */

import { parseMac } from '../../src/model/units.ts';
import type { Nic, NicModel } from '../../src/model/vm.ts';
import { flag, list, text } from './cells.ts';
import type { Row, VmRows } from './fleet.ts';
import type { PortGroups } from './port-groups.ts';

export function readNics(rows: VmRows, portGroups: PortGroups): readonly Nic[] {
  const nics: Nic[] = [];
  for (const [index, row] of networkRows(rows).entries()) nics.push(readNic(row, { index, portGroups, taken: nics }));
  return nics;
}

/** One row for each card. vInfo alone names the networks of the first eight. */
export function networkRows({ info, vNetwork }: Pick<VmRows, 'info' | 'vNetwork'>): readonly Row<'vNetwork'>[] {
  if (vNetwork !== undefined) return vNetwork;
  const { network1, network2, network3, network4, network5, network6, network7, network8 } = info;
  return [network1, network2, network3, network4, network5, network6, network7, network8]
    .filter((network) => text(network) !== undefined)
    .map((network) => ({ network }) as Row<'vNetwork'>);
}

interface NicContext {
  readonly index: number;
  readonly portGroups: PortGroups;
  readonly taken: readonly Nic[];
}

function readNic(row: Row<'vNetwork'>, { index, portGroups, taken }: NicContext): Nic {
  const label = text(row.label) ?? `Network adapter ${index + 1}`;
  const numbered = /(\d+)$/.exec(label)?.[1];
  const wanted = `ethernet${numbered === undefined ? index : Number(numbered) - 1}`;
  const key = taken.some((nic) => nic.key === wanted) ? `${label} (${index + 1})` : wanted;
  const modelName = text(row.adapter);
  const model = readModel(modelName);
  const mac = parseMac(text(row.mac) ?? '');
  const macOrigin = readOrigin(text(row.macType));
  const network = readNetwork(row, portGroups);
  const connected = flag(row.connected);
  const startConnected = flag(row.startConnected);
  const addresses = [...list(row.ipv4), ...list(row.ipv6)];
  return {
    key,
    label,
    ...(model !== undefined && { model }),
    ...(model === undefined && modelName !== undefined && { modelName }),
    ...(mac !== undefined && { mac }),
    ...(macOrigin !== undefined && { macOrigin }),
    ...(network !== undefined && { network }),
    ...(connected !== undefined && { connected }),
    ...(startConnected !== undefined && { startConnected }),
    ...(addresses.length > 0 && { addresses }),
  };
}

export function readNetwork(row: Row<'vNetwork'>, portGroups: PortGroups): Nic['network'] {
  const name = text(row.network);
  return name === undefined ? undefined : portGroups.find(name, text(row.switch));
}

const MODELS: Readonly<Record<string, NicModel>> = {
  vmxnet: 'vmxnet',
  vmxnet2: 'vmxnet2',
  enhancedvmxnet: 'vmxnet2',
  vmxnet3: 'vmxnet3',
  e1000: 'e1000',
  e1000e: 'e1000e',
  pcnet32: 'pcnet',
  flexible: 'flexible',
  sriov: 'sriov',
  sriovethernetcard: 'sriov',
};

/** `Vmxnet3`, `E1000`, `VirtualVmxnet3`, `SR-IOV`. */
function readModel(name: string | undefined): NicModel | undefined {
  return MODELS[
    (name ?? '')
      .toLowerCase()
      .replace(/^virtual/, '')
      .replaceAll(/[^a-z0-9]/g, '')
  ];
}

/** vSphere VirtualEthernetCardMacType. */
function readOrigin(word: string | undefined): Nic['macOrigin'] {
  const origin = word?.toLowerCase();
  return origin === 'manual' || origin === 'generated' || origin === 'assigned' ? origin : undefined;
}
