/** The network attachments that a run makes for its VMs, as rows of a table. */
import type { Report } from '../model/report.ts';

/** Decisions about the configuration, which is one field: each says a part of it. */
const WIRE: ReadonlySet<string> = new Set(['attachment-wire', 'attachment-vlan', 'attachment-mtu']);

/** Name, namespace, source network, and what the configuration says of bridge, VLAN and MTU. */
export function networkRows({ networks = [] }: Report): readonly (readonly string[])[] {
  return networks.map(({ manifest: { metadata }, decisions }) => [
    metadata.name,
    metadata.namespace ?? '-',
    decisions.find(({ rule }) => rule === 'attachment-name')?.was ?? '-',
    decisions.flatMap(({ rule, value }) => (WIRE.has(rule) ? (value ?? []) : [])).join(', '),
  ]);
}
