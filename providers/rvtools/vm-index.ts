/**
 * Which VM of vInfo a row of another sheet means. By VM ID where both have one, then by UUID, then by name within a datacenter, then by
 * name. Two VMs that share a key take it away from each other: a row is never given to the wrong one.
 */
import { text } from './cells.ts';
import type { Cell } from './workbook.ts';

export interface Identity {
  readonly vm: Cell;
  readonly vmId: Cell;
  readonly vmUuid: Cell;
  readonly datacenter: Cell;
  readonly server: Cell;
}

/** Number of the VM in vInfo, or why there is none. */
export type Match = number | 'unknown' | 'ambiguous';

const AMBIGUOUS = -1;

export class VmIndex {
  readonly #numbers = new Map<string, number>();
  #hasIds = false;
  #hasUuids = false;

  /** False when the same VM (of the same vCenter) was added before. */
  add(identity: Identity, number: number): boolean {
    const { id, idOnServer, uuid, nameInDatacenter, name } = keysOf(identity);
    this.#hasIds ||= id !== undefined;
    this.#hasUuids ||= uuid !== undefined;
    const own = idOnServer ?? id;
    const first = own === undefined || !this.#numbers.has(own);
    for (const key of [id, idOnServer, uuid, nameInDatacenter, name]) {
      if (key !== undefined) this.#numbers.set(key, this.#numbers.has(key) ? AMBIGUOUS : number);
    }
    return first;
  }

  find(identity: Identity): Match {
    const { id, idOnServer, uuid, nameInDatacenter, name } = keysOf(identity);
    if (id !== undefined && this.#hasIds) return this.#first([idOnServer, id]);
    if (uuid !== undefined && this.#hasUuids) {
      const match = this.#first([uuid]);
      if (match !== 'ambiguous') return match;
    }
    return this.#first([nameInDatacenter, name]);
  }

  /** The shortest of the VM's keys that is its alone; stable as long as the VM list is. */
  uniqueName(identity: Identity, number: number): string {
    const [vmId, server, uuid, datacenter, name] = [
      identity.vmId,
      identity.server,
      identity.vmUuid,
      identity.datacenter,
      identity.vm,
    ].map(text);
    const keys = keysOf(identity);
    if (vmId !== undefined && this.#numbers.get(keys.id ?? '') === number) return vmId;
    if (vmId !== undefined && server !== undefined) return `${server}/${vmId}`;
    if (uuid !== undefined && this.#numbers.get(keys.uuid ?? '') === number) return uuid.toLowerCase();
    if (name !== undefined && this.#numbers.get(keys.name ?? '') === number) return name;
    if (datacenter !== undefined && this.#numbers.get(keys.nameInDatacenter ?? '') === number) return `${datacenter}/${name}`;
    return `${name}#${number + 1}`;
  }

  #first(keys: readonly (string | undefined)[]): Match {
    let ambiguous = false;
    for (const key of keys) {
      const number = key === undefined ? undefined : this.#numbers.get(key);
      if (number === undefined) continue;
      if (number !== AMBIGUOUS) return number;
      ambiguous = true;
    }
    return ambiguous ? 'ambiguous' : 'unknown';
  }
}

function keysOf(identity: Identity) {
  const id = text(identity.vmId);
  const server = text(identity.server);
  const uuid = text(identity.vmUuid)?.toLowerCase();
  const datacenter = text(identity.datacenter);
  const name = text(identity.vm);
  return {
    id: id && `i${id}`,
    idOnServer: id && server && `s${server}\n${id}`,
    uuid: uuid && `u${uuid}`,
    nameInDatacenter: name && datacenter && `d${datacenter}\n${name}`,
    name: name && `n${name}`,
  };
}
