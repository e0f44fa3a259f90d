/** Runs the rules about manifests on what mapping made of one VM. */
import type { ClusterFacts } from '../model/cluster-facts.ts';
import type { Concern } from '../model/concern.ts';
import type { Mapping, MappingOptions } from '../model/mapping.ts';
import type { SourceVm } from '../model/vm.ts';
import { factsIndex } from './facts-index.ts';
import { unusualFields } from './known-fields.ts';
import { toConcern } from './rule.ts';
import type { Target } from './target-rule.ts';
import { TARGET_RULES } from './target-rules.ts';

export interface TargetContext {
  readonly facts: ClusterFacts;
  /** The namespace that the user chose; the manifests' own goes before it. */
  readonly options: Pick<MappingOptions, 'namespace'>;
}

/** Concerns about the manifests, in the order of the rules. Facts that are unknown raise none. */
export function assessTarget(
  vm: SourceVm,
  { manifests }: Pick<Mapping, 'manifests'>,
  context: TargetContext,
): readonly Concern[] {
  const machine = manifests.find((one) => one.kind === 'VirtualMachine');
  if (machine === undefined) return [];
  const target: Target = {
    vm,
    machine,
    unusual: unusualFields(machine),
    claims: manifests.filter((one) => one.kind === 'PersistentVolumeClaim'),
    namespace: machine.metadata.namespace ?? context.options.namespace,
    facts: context.facts,
    index: factsIndex(context.facts),
  };
  return TARGET_RULES.flatMap((rule) => rule.check(target).map((finding) => toConcern(rule, finding)));
}
