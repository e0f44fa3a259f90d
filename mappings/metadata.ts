/** Names, labels and annotations: what people wrote about the VM, kept so that it can be read back. */
import type { ObjectMeta, RunStrategy } from '../src/model/manifest.ts';
import type { SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { PREFIX, vmLabels } from './labels.ts';
import type { Ledger } from './ledger.ts';
import { toLabel } from './names.ts';
import { mapTagLabels } from './tag-labels.ts';

/** Kubernetes allows 256 KiB for all annotations of an object; characters take up to three bytes, so these leave room for others. */
const MAX_LONG = 16_384;
const MAX_SHORT = 2048;
export function mapMetadata(
  vm: SourceVm,
  { context, runStrategy, ledger }: { context: MappingContext; runStrategy: RunStrategy; ledger: Ledger },
): ObjectMeta {
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
      to: 'VirtualMachine/metadata.namespace',
      value: options.namespace,
      rule: 'namespace',
      because: 'Given as an option.',
    });
  }
  return {
    name,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    labels: { ...vmLabels(name), ...mapTagLabels(vm, ledger) },
    annotations: { [`${PREFIX}/run-strategy`]: runStrategy, ...mapAnnotations(vm, ledger) },
  };
}

interface Note {
  readonly from: string;
  readonly text: string | undefined;
  readonly because: string;
}

function mapAnnotations(vm: SourceVm, ledger: Ledger): Readonly<Record<string, string>> {
  const { folder } = vm.placement ?? {};
  const guest = 'KubeVirt has no field for the guest system; the source’s word for it is kept.';
  return {
    ...keepText(
      'source-name',
      { from: 'ref.name', text: vm.ref.name, because: 'The name as it was, for whoever looks for it.' },
      ledger,
    ),
    ...keepText('source-id', { from: 'ref.id', text: vm.ref.id, because: 'Leads back to the source.' }, ledger),
    ...keepText('notes', { from: 'notes', text: vm.notes, because: 'What people wrote about the VM stays with it.' }, ledger),
    ...keepText(
      'folder',
      { from: 'placement.folder', text: folder, because: 'Kubernetes has no folders; the path stays readable.' },
      ledger,
    ),
    ...keepText('guest-os-id', { from: 'guest.osId', text: vm.guest.osId, because: guest }, ledger),
    ...keepText('guest-os-name', { from: 'guest.osName', text: vm.guest.osName, because: guest }, ledger),
    ...keepJson('tags', vm.tags, ledger),
    ...keepJson('attributes', vm.attributes, ledger),
  };
}

function keepText(key: string, { from, text, because }: Note, ledger: Ledger): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  const limit = key === 'notes' ? MAX_LONG : MAX_SHORT;
  const whole = text.toWellFormed();
  const kept = whole.length > limit ? `${whole.slice(0, limit).toWellFormed()} …` : whole;
  const entry = { from, to: annotationPath(key), was: text, rule: 'vm-annotation', because };
  if (kept === text) ledger.kept({ ...entry, value: kept });
  else ledger.changed({ ...entry, value: whole.length > limit ? `the first ${limit} characters` : kept });
  return { [`${PREFIX}/${key}`]: kept };
}

/** As JSON, so that nothing has to be bent into the form of a label and everything can be read back. */
function keepJson(
  fact: 'tags' | 'attributes',
  value: SourceVm['tags'] | SourceVm['attributes'],
  ledger: Ledger,
): Readonly<Record<string, string>> {
  if (value === undefined || Object.keys(value).length === 0) return {};
  const text = JSON.stringify(value);
  const rule = 'vm-annotation';
  if (text.length > MAX_LONG) {
    ledger.dropped({
      from: fact,
      was: `${text.length} characters`,
      rule,
      because: `Annotations have limited room; more than ${MAX_LONG} characters are not kept.`,
    });
    return {};
  }
  ledger.changed({
    from: fact,
    to: annotationPath(fact),
    was: text,
    value: text,
    rule,
    because: 'Labels allow too few characters for it; as JSON in an annotation nothing is lost.',
  });
  return { [`${PREFIX}/${fact}`]: text };
}

function annotationPath(key: string): string {
  return `VirtualMachine/metadata.annotations["${PREFIX}/${key}"]`;
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
