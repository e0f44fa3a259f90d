/** Port groups of standard switches (vPort, once per host) and distributed ones (dvPort), with what is known of their switches. */
import type { SourceNetwork } from '../../src/model/inventory.ts';
import type { NetworkRef, VlanTrunk } from '../../src/model/network.ts';
import { count, flag, text } from './cells.ts';
import type { Cell } from './workbook.ts';

export interface PortGroupRow {
  readonly name: Cell;
  readonly switch: Cell;
  readonly vlan: Cell;
  readonly promiscuous: Cell;
}

export class PortGroups {
  readonly #byName = new Map<string, NetworkRef>();
  readonly #bySwitch = new Map<string, NetworkRef>();
  /** Largest packet by switch; undefined where hosts disagree. */
  readonly #mtus = new Map<string, number | undefined>();

  addSwitch(row: { readonly name: Cell; readonly mtu: Cell }): void {
    const name = text(row.name);
    const mtu = count(row.mtu);
    if (name === undefined || mtu === undefined || mtu === 0) return;
    this.#mtus.set(name, this.#mtus.has(name) && this.#mtus.get(name) !== mtu ? undefined : mtu);
  }

  /** Switches are added before. */
  add(kind: 'standard' | 'distributed', row: PortGroupRow): void {
    const name = text(row.name);
    if (name === undefined) return;
    const switchName = text(row.switch);
    const mtu = switchName === undefined ? undefined : this.#mtus.get(switchName);
    const promiscuous = readPromiscuous(row.promiscuous);
    const group: NetworkRef = {
      id: name,
      name,
      kind,
      ...(switchName !== undefined && { switchName }),
      ...readVlan(text(row.vlan)),
      ...(mtu !== undefined && { mtu }),
      ...(promiscuous !== undefined && { promiscuous }),
    };
    remember(this.#byName, name, group);
    if (switchName !== undefined) remember(this.#bySwitch, `${switchName}\n${name}`, group);
  }

  /** What a NIC is attached to. NSX segments and exports without port groups leave the name and the switch. */
  find(name: string, switchName: string | undefined): NetworkRef {
    const known = this.#bySwitch.get(`${switchName}\n${name}`) ?? this.#byName.get(name);
    return known ?? { id: name, name, ...(switchName !== undefined && { switchName }) };
  }

  /** All port groups, each name once, and `others` that are none of them. */
  networks(others: ReadonlyMap<string, NetworkRef>): readonly SourceNetwork[] {
    const unlisted = [...others.values()].filter(({ id }) => !this.#byName.has(id));
    return [...this.#byName.values(), ...unlisted];
  }
}

/** What hosts or switches disagree about is not known of the name. */
function remember(groups: Map<string, NetworkRef>, key: string, group: NetworkRef): void {
  const known = groups.get(key);
  if (known === undefined) {
    groups.set(key, group);
    return;
  }
  const other: Readonly<Record<string, unknown>> = { ...group };
  const agreed = Object.entries(known).filter(([fact, value]) => JSON.stringify(other[fact]) === JSON.stringify(value));
  if (agreed.length < Object.keys(known).length)
    groups.set(key, { ...Object.fromEntries(agreed), id: known.id, name: known.name });
}

/** `True`, or the name of a policy: `Accept`, `Reject`. */
function readPromiscuous(cell: Cell): boolean | undefined {
  const word = text(cell)?.toLowerCase();
  return word === 'accept' ? true : word === 'reject' ? false : flag(cell);
}

const MAX_VLAN = 4094;

/** 0 is untagged; 4095 hands all VLANs to the guest (standard switches); distributed trunks are ranges: `0-4094`, `10-20, 30`. */
function readVlan(written: string | undefined): { readonly vlan?: number; readonly trunk?: VlanTrunk } {
  if (written === undefined) return {};
  if (/^\d{1,4}$/.test(written)) {
    const vlan = Number(written);
    if (vlan <= MAX_VLAN) return { vlan };
    return vlan === MAX_VLAN + 1 ? { trunk: { ranges: [{ first: 0, last: MAX_VLAN }] } } : {};
  }
  const ranges = [...written.matchAll(/(\d{1,4})(?:\s*-\s*(\d{1,4}))?/g)]
    .map(([, first, last]) => ({ first: Number(first), last: Number(last ?? first) }))
    .filter(({ first, last }) => first <= last && last <= MAX_VLAN)
    .toSorted((a, b) => a.first - b.first);
  return ranges.length > 0 && /[-,]/.test(written) ? { trunk: { ranges } } : {};
}
