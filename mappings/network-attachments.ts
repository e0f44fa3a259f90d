/**
 * NetworkAttachmentDefinitions for source networks that the map does not name, where the user asks for them: one for each network, whatever
 * VMs are on it. A network is told by its name and its VLANs, so that the same one gets the same attachment in every run; its name is found
 * over the whole inventory. An attachment that the cluster has already and that fits exactly is used instead.
 */
import type { NetworkAttachmentFacts } from '../src/model/cluster-facts.ts';
import type { CniConfig, NetworkAttachmentDefinition } from '../src/model/manifest.ts';
import type { NetworkGeneration } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { clusterIndex } from './cluster-index.ts';
import { cniConfig, refusalOf, type Wire } from './cni-config.ts';
import type { MappingContext } from './context.ts';
import { shortHash } from './hash.ts';
import { spreadNames, toLabel, withSuffix } from './names.ts';
import { explainAttachment } from './network-attachment-decisions.ts';
import type { NetworkPlan, PlannedAttachment, PlannedNetwork } from './network-plan.ts';
import { segmentKey, segmentOf } from './vlans.ts';

type PlanContext = Pick<MappingContext, 'facts' | 'options'>;

/** A source network by its key, before it has a name. */
interface Group {
  readonly network: NetworkRef;
  readonly wire: Wire;
}

/** Gathers the networks of an inventory VM by VM; what it holds grows with the networks, not with the VMs. */
export class NetworkSurvey {
  readonly #seen = new Map<string, { readonly network: NetworkRef; foreignMacs: boolean }>();

  add({ nics }: Pick<SourceVm, 'nics'>): void {
    for (const { network, macSpoofing } of nics) {
      if (network === undefined) continue;
      const foreignMacs = macSpoofing === true || network.promiscuous === true;
      const key = keyOf(network);
      const known = this.#seen.get(key);
      if (known === undefined) this.#seen.set(key, { network, foreignMacs });
      else if (foreignMacs) known.foreignMacs = true;
    }
  }

  /** Undefined unless the options ask for it. */
  plan(context: PlanContext): NetworkPlan | undefined {
    const generation = context.options.generateNetworks;
    if (generation === undefined) return undefined;
    const namespace = generation.namespace ?? context.options.namespace;
    const planned = new Map<string, PlannedNetwork>();
    const wanted = new Map<string, Group>();
    for (const [key, { network, foreignMacs }] of this.#seen) {
      const segment = segmentOf(network);
      if (segment.kind === 'refused') {
        planned.set(key, { refused: segment.because });
        continue;
      }
      const wire = { segment, foreignMacs, ...(network.mtu === undefined ? {} : { mtu: network.mtu }) };
      const refusal = refusalOf(wire, generation, namespace);
      if (refusal === undefined) wanted.set(key, { network, wire });
      else planned.set(key, { refused: refusal });
    }
    const existing = clusterIndex(context.facts).attachments ?? new Map();
    for (const [key, attachment] of nameAttachments(wanted, { generation, namespace, existing })) planned.set(key, attachment);
    return { type: generation.kind, find: (network) => planned.get(keyOf(network)) };
  }
}

/** `vms` are those of the whole inventory. */
export function planNetworks(vms: readonly Pick<SourceVm, 'nics'>[], context: PlanContext): NetworkPlan | undefined {
  const survey = new NetworkSurvey();
  for (const vm of vms) survey.add(vm);
  return survey.plan(context);
}

/** Ids are left out: on the target, two networks with one name and the same VLANs are one. */
function keyOf(network: NetworkRef): string {
  const { name, mtu = '' } = network;
  return `${segmentKey(segmentOf(network))}\0${mtu}\0${name}`;
}

interface Plan {
  readonly generation: NetworkGeneration;
  readonly namespace: string | undefined;
  readonly existing: ReadonlyMap<string, NetworkAttachmentFacts>;
}

function nameAttachments(wanted: ReadonlyMap<string, Group>, plan: Plan): ReadonlyMap<string, PlannedAttachment> {
  const { generation, namespace, existing } = plan;
  const own = (name: string): NetworkAttachmentFacts | undefined =>
    namespace === undefined ? undefined : existing.get(`${namespace}/${name}`);
  const configOf = (name: string, { wire }: Group): CniConfig => cniConfig(name, wire, generation, namespace);
  const names = spreadNames(new Map(Array.from(wanted, ([key, group]) => [key, baseName(key, group)])), (name, key) => {
    const group = wanted.get(key);
    const there = own(name);
    return group !== undefined && there !== undefined && compare(there, configOf(name, group)) === 'different';
  });
  const within = [...existing.values()].filter((one) => one.namespace === namespace || one.namespace === 'default');
  const offered = Map.groupBy(within, ({ vlan = 0 }) => vlan);
  const attachments = new Map<string, PlannedAttachment>();
  for (const [key, group] of wanted) {
    const { name, clashed } = names.get(key) ?? { name: '', clashed: false };
    const config = configOf(name, group);
    // An attachment of this very name may be ours of an earlier run: it is written again, so that a folder stays complete.
    const fitting =
      own(name) === undefined ? offered.get(vlanOf(config))?.find((one) => compare(one, config) === 'same') : undefined;
    attachments.set(key, fitting === undefined ? make({ group, config, clashed, plan }) : reuse(fitting, group));
  }
  return attachments;
}

/** `prod-lan-vlan-10`. */
function baseName(key: string, { network, wire: { segment } }: Group): string {
  const label = toLabel(network.name) || `network-${shortHash(key, 6)}`;
  if (segment.kind === 'trunk') return label.endsWith('trunk') ? label : withSuffix(label, '-trunk');
  if (segment.kind !== 'access') return label;
  const { vlan } = segment;
  return label.endsWith(`vlan-${vlan}`) || label.endsWith(`vlan${vlan}`) ? label : withSuffix(label, `-vlan-${vlan}`);
}

function reuse({ namespace, name }: NetworkAttachmentFacts, { wire }: Group): PlannedAttachment {
  const because = 'The cluster has an attachment with exactly this bridge, VLAN and MTU.';
  return { namespace, name, segment: wire.segment, because };
}

interface Making {
  readonly group: Group;
  readonly config: CniConfig;
  readonly clashed: boolean;
  readonly plan: Plan;
}

function make({ group, config, clashed, plan }: Making): PlannedAttachment {
  const { network, wire } = group;
  const { namespace } = plan;
  const { name } = config;
  const manifest: NetworkAttachmentDefinition = {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      annotations: { 'kubeferry.dev/source-network': network.name.toWellFormed() },
    },
    spec: { config: JSON.stringify(config) },
  };
  const decisions = explainAttachment(manifest, { network, wire, config, clashed });
  const because = 'The network map has no entry for this network; an attachment is made from its name and its VLANs.';
  return {
    ...(namespace === undefined ? {} : { namespace }),
    name,
    segment: wire.segment,
    because,
    made: { manifest, decisions },
  };
}

/** Whether an attachment of the cluster does what a configuration would do; `unknown` where the facts do not say. */
function compare(there: NetworkAttachmentFacts, config: CniConfig): 'same' | 'different' | 'unknown' {
  if (there.type === undefined) return 'unknown';
  const bridge = config.type === 'bridge';
  const sameType = bridge ? there.type === 'bridge' || there.type === 'cnv-bridge' : there.type === config.type;
  const port = bridge ? there.bridge : there.physicalNetwork;
  const wantedPort = bridge ? config.bridge : config.physicalNetworkName;
  const trunk = bridge && config.vlanTrunk !== undefined;
  if (!sameType || there.ipam === true || (there.trunk ?? false) !== trunk || there.mtu !== config.mtu) return 'different';
  if (!bridge && there.topology !== 'localnet') return 'different';
  if (!trunk && (there.vlan ?? 0) !== vlanOf(config)) return 'different';
  if (port === undefined) return 'unknown';
  if (port !== wantedPort) return 'different';
  return trunk ? 'unknown' : 'same';
}

/** 0: none. */
function vlanOf(config: CniConfig): number {
  return (config.type === 'bridge' ? config.vlan : config.vlanID) ?? 0;
}
