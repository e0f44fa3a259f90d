/** Names, labels and annotations: what people wrote about the VM, kept so that it can be read back. */
import type { ObjectMeta } from '../src/model/manifest.ts';
import type { SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import type { Ledger } from './ledger.ts';
import { toLabel } from './names.ts';

/** Kubernetes allows 256 KiB for all annotations of an object; a note of this many characters leaves room for others. */
const MAX_NOTE = 32_768;
const PREFIX = 'kubeferry.dev';
const ANNOTATIONS = 'VirtualMachine/metadata.annotations';

/** On everything that belongs to the VM. */
export function vmLabels(name: string): Readonly<Record<string, string>> {
  return { [`${PREFIX}/vm`]: name };
}

export function mapMetadata(vm: SourceVm, context: MappingContext, ledger: Ledger): ObjectMeta {
  const { name, options } = context;
  const to = 'VirtualMachine/metadata.name';
  const because =
    context.nameBecause ?? 'Kubernetes names consist of lower-case Latin letters, digits and dashes, 63 at most, each once.';
  if (name === vm.name) ledger.kept({ from: 'name', to, was: vm.name, value: name, rule: 'vm-name', because });
  else ledger.changed({ from: 'name', to, was: vm.name, value: name, rule: 'vm-name', because });
  ledger.added({
    to: 'VirtualMachine/metadata.labels',
    value: name,
    rule: 'vm-label',
    because: 'Finds everything that belongs to the VM.',
  });
  if (options.namespace !== undefined) {
    ledger.added({
      to: 'metadata.namespace',
      value: options.namespace,
      rule: 'namespace',
      because: 'Given as an option; every object is in it.',
    });
  }
  return {
    name,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    labels: vmLabels(name),
    annotations: mapAnnotations(vm, ledger),
  };
}

function mapAnnotations(vm: SourceVm, ledger: Ledger): Readonly<Record<string, string>> {
  const annotations: Record<string, string> = {};
  const keep = (key: string, entry: { from: string; text: string | undefined; because: string }): void => {
    if (entry.text === undefined) return;
    const full = entry.text.toWellFormed();
    const text = full.length > MAX_NOTE ? `${full.slice(0, MAX_NOTE).toWellFormed()} …` : full;
    annotations[`${PREFIX}/${key}`] = text;
    const outcome = text === entry.text ? 'kept' : 'changed';
    const value = outcome === 'kept' ? text : `the first ${MAX_NOTE} characters`;
    ledger[outcome]({
      from: entry.from,
      to: `${ANNOTATIONS}["${PREFIX}/${key}"]`,
      was: entry.text,
      value,
      rule: 'vm-annotation',
      because: entry.because,
    });
  };
  keep('source-name', { from: 'ref.name', text: vm.ref.name, because: 'The name as it was, for whoever looks for it.' });
  keep('source-id', { from: 'ref.id', text: vm.ref.id, because: 'Leads back to the source.' });
  keep('notes', { from: 'notes', text: vm.notes, because: 'What people wrote about the VM stays with it.' });
  keep('guest-os-id', {
    from: 'guest.osId',
    text: vm.guest.osId,
    because: 'KubeVirt has no field for the guest system; the source’s word for it is kept.',
  });
  keep('guest-os-name', {
    from: 'guest.osName',
    text: vm.guest.osName,
    because: 'KubeVirt has no field for the guest system; the source’s words for it are kept.',
  });
  return annotations;
}

/** Host name for the pod and for DHCP: what the guest calls itself, where that can be one. */
export function mapHostname(vm: SourceVm, ledger: Ledger): string | undefined {
  const was = vm.guest.hostname;
  if (was === undefined) return undefined;
  const [first = ''] = was.split('.');
  const hostname = toLabel(first);
  if (hostname === '') {
    ledger.dropped({
      from: 'guest.hostname',
      was,
      rule: 'hostname',
      because: 'Nothing of it can be a host name; the VM’s name is used.',
    });
    return undefined;
  }
  const to = 'VirtualMachine/spec.template.spec.hostname';
  const because = 'What the guest calls itself, up to the first dot, in the form that DNS allows.';
  if (hostname === was) ledger.kept({ from: 'guest.hostname', to, was, value: hostname, rule: 'hostname', because });
  else ledger.changed({ from: 'guest.hostname', to, was, value: hostname, rule: 'hostname', because });
  return hostname;
}
