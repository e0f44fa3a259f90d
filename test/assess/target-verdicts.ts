/** Runs one rule on manifests of which only the given parts are there, and says in a word per finding what it found. */
import { factsIndex } from '../../src/assess/facts-index.ts';
import { unusualFields } from '../../src/assess/known-fields.ts';
import type { DomainView, MachineView, TargetRule, TemplateView } from '../../src/assess/target-rule.ts';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import type { PersistentVolumeClaim } from '../../src/model/manifest.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from '../mappings/small-vm.ts';

interface Parts {
  readonly name?: string;
  readonly spec?: Partial<Omit<MachineView['spec'], 'template'>>;
  readonly template?: Partial<TemplateView>;
  readonly domain?: DomainView;
  readonly claims?: readonly PersistentVolumeClaim[];
  readonly namespace?: string | undefined;
  readonly facts?: ClusterFacts;
  readonly vm?: Partial<SourceVm>;
}

/** `Critical VirtualMachine/metadata.name`, in the order of the findings; `…` stands for `spec.template.spec`. */
export function targetVerdicts(rule: TargetRule, parts: Parts): readonly string[] {
  const { name = 'web', spec = {}, template = {}, domain = {}, claims = [], facts = {} } = parts;
  const machine: MachineView = { metadata: { name }, spec: { ...spec, template: { spec: { domain, ...template } } } };
  const namespace = 'namespace' in parts ? parts.namespace : 'vms';
  return rule
    .check({
      vm: smallVm(parts.vm),
      machine,
      unusual: unusualFields(machine),
      claims,
      namespace,
      facts,
      index: factsIndex(facts),
    })
    .map(({ category, subject }) => `${category ?? rule.category} ${subject.replace('spec.template.spec', '…')}`);
}

export function claim(
  name: string,
  spec: Partial<PersistentVolumeClaim['spec']> & { readonly size?: string } = {},
): PersistentVolumeClaim {
  const { size = '1Gi', ...rest } = spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', ...rest, resources: { requests: { storage: size } } },
  };
}
