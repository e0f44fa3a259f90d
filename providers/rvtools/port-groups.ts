/** Port groups of standard switches (vPort, once per host) and distributed ones (dvPort), with the VLAN of each. */
import type { SourceNetwork } from '../../src/model/inventory.ts';
import { text } from './cells.ts';
import type { Cell } from './workbook.ts';

interface PortGroup {
  readonly name: string;
  readonly description: string;
  /** Undefined for trunks, private VLANs, and where hosts disagree. */
  vlan: number | undefined;
}

export class PortGroups {
  /** By name, and by switch and name. */
  readonly #byName = new Map<string, PortGroup>();
  readonly #bySwitch = new Map<string, PortGroup>();

  add(row: { readonly name: Cell; readonly switch: Cell; readonly vlan: Cell }): void {
    const name = text(row.name);
    if (name === undefined) return;
    const on = text(row.switch);
    const written = text(row.vlan);
    const vlan = readVlan(written);
    const description = [on, written === undefined ? undefined : `VLAN ${written}`]
      .filter((part) => part !== undefined)
      .join(', ');
    remember(this.#byName, name, { name, description, vlan });
    if (on !== undefined) remember(this.#bySwitch, `${on}\n${name}`, { name, description, vlan });
  }

  vlanOf(name: string, on: string | undefined): number | undefined {
    return (this.#bySwitch.get(`${on}\n${name}`) ?? this.#byName.get(name))?.vlan;
  }

  networks(): readonly SourceNetwork[] {
    return [...this.#byName.values()].map(({ name, description, vlan }) => ({
      id: name,
      name,
      ...(description !== '' && { description }),
      ...(vlan !== undefined && { vlan }),
    }));
  }
}

function remember(groups: Map<string, PortGroup>, key: string, group: PortGroup): void {
  const known = groups.get(key);
  if (known === undefined) groups.set(key, group);
  else if (known.vlan !== group.vlan) known.vlan = undefined;
}

/** 0 is untagged; 4095 hands all VLANs to the guest (VMware's trunk); distributed trunks are ranges: `0-4094`. */
function readVlan(written: string | undefined): number | undefined {
  if (written === undefined || !/^\d{1,4}$/.test(written)) return undefined;
  const vlan = Number(written);
  return vlan <= 4094 ? vlan : undefined;
}
