/** Why a made NetworkAttachmentDefinition is what it is, field by field. */
import type { CniConfig, NetworkAttachmentDefinition } from '../src/model/manifest.ts';
import type { Decision } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';
import type { Wire } from './cni-config.ts';
import { Ledger } from './ledger.ts';
import { rangesText } from './vlans.ts';

interface Explained {
  readonly network: NetworkRef;
  readonly wire: Wire;
  readonly config: CniConfig;
  /** Another network wanted the same name. */
  readonly clashed: boolean;
}

export function explainAttachment(
  { metadata }: NetworkAttachmentDefinition,
  { network, wire, config, clashed }: Explained,
): readonly Decision[] {
  const ledger = new Ledger();
  const to = `NetworkAttachmentDefinition/${metadata.name}`;
  const from = `networks[${JSON.stringify(network.name)}]`;
  const place = { from, to: `${to}/spec.config`, ledger };
  ledger.changed({
    from: `${from}.name`,
    to: `${to}/metadata.name`,
    was: network.name,
    value: metadata.name,
    rule: 'attachment-name',
    because: clashed
      ? 'Another network or an attachment of the cluster has the name, so it carries a piece of the hash of what it stands for.'
      : 'Name and VLAN of the network: the same in every run.',
  });
  if (metadata.namespace !== undefined) {
    ledger.added({
      to: `${to}/metadata.namespace`,
      value: metadata.namespace,
      rule: 'attachment-namespace',
      because: 'VMs of other namespaces reach it only where Multus does not isolate namespaces.',
    });
  }
  ledger.kept({
    from: `${from}.name`,
    to: `${to}/metadata.annotations`,
    was: network.name,
    value: network.name.toWellFormed(),
    rule: 'attachment-source',
    because: 'The name as the source writes it.',
  });
  explainWire(config, place);
  explainVlan(wire.segment, place);
  explainMtu(wire, place);
  if (config.type === 'bridge') explainMacs(wire, place);
  return ledger.decisions;
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function explainWire(config: CniConfig, { to, ledger }: Place): void {
  if (config.type === 'bridge') {
    ledger.added({
      to,
      value: `bridge ${config.bridge}`,
      rule: 'attachment-wire',
      because:
        'Given as an option. The bridge must exist on every node and carry the VLANs; the plugin makes an empty one otherwise.',
    });
    return;
  }
  ledger.added({
    to,
    value: `localnet on ${config.physicalNetworkName}`,
    rule: 'attachment-wire',
    because: 'Given as an option. OVN’s bridge mappings must lead this name to a bridge that carries the VLANs.',
  });
}

function explainVlan(segment: Wire['segment'], { from, to, ledger }: Place): void {
  const rule = 'attachment-vlan';
  if (segment.kind === 'access') {
    const because = 'The port tags for the guest, as the port group did.';
    ledger.kept({ from: `${from}.vlan`, to, was: segment.vlan, value: `VLAN ${segment.vlan}`, rule, because });
    return;
  }
  if (segment.kind === 'trunk') {
    const text = rangesText(segment.ranges);
    const untagged = segment.untagged
      ? 'untagged packets are in the default VLAN of the bridge.'
      : 'untagged packets are dropped.';
    const because = `The guest tags by itself; ${untagged}`;
    ledger.kept({ from: `${from}.trunk`, to, was: text, value: `trunk of ${text}`, rule, because });
    return;
  }
  if (segment.kind === 'untagged') {
    ledger.kept({ from: `${from}.vlan`, to, was: 0, value: 'untagged', rule, because: 'The network has no tag at the source.' });
    return;
  }
  ledger.added({ to, value: 'untagged', rule, because: 'The source does not say which VLAN the network is.' });
}

function explainMtu({ mtu }: Wire, { from, to, ledger }: Place): void {
  if (mtu === undefined) return;
  const because = 'The nodes’ bridge and cards must pass packets of this size as well.';
  ledger.kept({ from: `${from}.mtu`, to, was: mtu, value: `MTU ${mtu}`, rule: 'attachment-mtu', because });
}

function explainMacs({ foreignMacs }: Wire, { to, ledger }: Place): void {
  ledger.added({
    to,
    value: foreignMacs ? 'any MAC address' : 'only the NIC’s own MAC address',
    rule: 'attachment-mac-check',
    because: foreignMacs
      ? 'A NIC of the network may send with other MAC addresses at the source, so the check is off.'
      : 'A guest cannot pass itself off as another; switch `macspoofchk` off for clusters that share an address.',
  });
}
