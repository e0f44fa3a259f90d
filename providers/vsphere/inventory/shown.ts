/** What VMs show of the things around them, so that a change of those can be told from a change that no VM shows. Pure. */
import type { Atlas } from './atlas.ts';

/**
 * True when a VM that was not touched may look different now. Free space does not count, and neither do folders and pools that are
 * new or gone: no VM of before is in them, and one that moves is told by the server.
 */
export function looksDifferent(before: Atlas, now: Atlas): boolean {
  const [old, recent] = [placesOf(before), placesOf(now)];
  for (const [id, text] of recent) if ((old.get(id) ?? text) !== text) return true;
  return restOf(before) !== restOf(now);
}

function placesOf({ places }: Atlas): ReadonlyMap<string, string> {
  return new Map([...places].map(([id, { name, parent }]) => [id, `${name}\0${parent}`]));
}

function restOf({ clusters, hosts, datastores, networks }: Atlas): string {
  const named = [...datastores].map(([id, { name }]) => [id, name]);
  const shown = [...hosts].map(([id, { name, evcMode }]) => [id, name, evcMode]);
  return JSON.stringify([sorted(clusters), shown.sort(), named.sort(), sorted(networks.byId)], (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
}

/** Servers list things in an order of their own. */
function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
