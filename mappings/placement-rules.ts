/**
 * Rules that keep VMs together or apart → labels and pod (anti-)affinity. Members of a rule wear a label of its name and seek, or shun,
 * nodes where others wear it: so a VM that is migrated later joins by itself, and no VM has to know the names of the others.
 */
import type { Relation } from '../src/model/estimate.ts';
import type { Affinity, PodAffinity, PodAffinityTerm } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { PREFIX } from './labels.ts';
import { type Ledger, TEMPLATE } from './ledger.ts';
import { spreadNames, toLabel } from './names.ts';

export interface PlacementRule {
  readonly kind: 'affinity' | 'anti-affinity';
  /** Name of the rule at the source. */
  readonly name: string;
  /** Key of the label that its members wear. */
  readonly label: string;
}

/** By `VmRef.id`. */
export type PlacementRules = ReadonlyMap<string, readonly PlacementRule[]>;

interface MappedRules {
  readonly labels: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
}

const NONE: MappedRules = { labels: {} };
const WEIGHT = 100;
const RULE = 'placement-rule';

/** Rules by VM, with a label for each rule that no other rule has. Relations of other kinds place nothing. */
export function planPlacement(relations: readonly Relation[]): PlacementRules {
  const placing = relations.filter(({ kind, members }) => isPlacing(kind) && members.length > 1);
  const labels = spreadNames(new Map(placing.map((rule) => [idOf(rule), toLabel(rule.key) || 'rule'])));
  const rules = new Map<string, PlacementRule[]>();
  for (const relation of placing) {
    const { kind, key, members } = relation;
    const label = labels.get(idOf(relation))?.name;
    if (!isPlacing(kind) || label === undefined) continue;
    for (const member of new Set(members)) {
      const own = rules.get(member) ?? [];
      own.push({ kind, name: key, label: `rule.${PREFIX}/${label}` });
      rules.set(member, own);
    }
  }
  return rules;
}

/** `rules` are those that the VM is a member of. */
export function mapPlacement(rules: readonly PlacementRule[] | undefined, options: MappingOptions, ledger: Ledger): MappedRules {
  if (rules === undefined || rules.length === 0) return NONE;
  const required = options.placementRules === 'required';
  for (const { kind, name, label } of rules) {
    const to = `VirtualMachine/spec.template.metadata.labels["${label}"]`;
    ledger.added({ to, value: kind, rule: RULE, because: `Members of the rule ${name} wear it.` });
    const how = required
      ? 'Required, as asked for: a VM that cannot be placed so does not start.'
      : 'Preferred: a VM that cannot be placed so starts nevertheless.';
    ledger.added({
      to: `${TEMPLATE}.affinity.${kind === 'affinity' ? 'podAffinity' : 'podAntiAffinity'}`,
      value: name,
      rule: RULE,
      because: `The rule ${name} keeps its VMs ${kind === 'affinity' ? 'on one host' : 'on different hosts'}. ${how}`,
    });
  }
  const together = rules.filter(({ kind }) => kind === 'affinity').map(term);
  const apart = rules.filter(({ kind }) => kind === 'anti-affinity').map(term);
  return {
    labels: Object.fromEntries(rules.map(({ label, kind }) => [label, kind])),
    affinity: {
      ...(together.length === 0 ? {} : { podAffinity: toAffinity(together, required) }),
      ...(apart.length === 0 ? {} : { podAntiAffinity: toAffinity(apart, required) }),
    },
  };
}

function isPlacing(kind: Relation['kind']): kind is PlacementRule['kind'] {
  return kind === 'affinity' || kind === 'anti-affinity';
}

function idOf({ kind, key }: Relation): string {
  return `${kind} ${key}`;
}

function term({ label, kind }: PlacementRule): PodAffinityTerm {
  return { labelSelector: { matchLabels: { [label]: kind } }, topologyKey: 'kubernetes.io/hostname' };
}

function toAffinity(terms: readonly PodAffinityTerm[], required: boolean): PodAffinity {
  if (required) return { requiredDuringSchedulingIgnoredDuringExecution: terms };
  return {
    preferredDuringSchedulingIgnoredDuringExecution: terms.map((podAffinityTerm) => ({ weight: WEIGHT, podAffinityTerm })),
  };
}
