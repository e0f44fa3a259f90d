/**
 * Folder, tags and custom attributes → labels, so that people and policies can select VMs by them. Labels hold few characters; the
 * originals are in the annotations of metadata.ts, and nothing is lost.
 */
import type { SourceVm } from '../src/model/vm.ts';
import { PREFIX } from './labels.ts';
import type { Ledger } from './ledger.ts';
import { toLabel } from './names.ts';

const MAX_VALUE = 63;
const VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
/** Labels are indexed by the API server, and a VM with hundreds of attributes would fill its index. */
const MAX_LABELS = 32;
const RULE = 'vm-tag-label';

export function mapTagLabels(vm: SourceVm, ledger: Ledger): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  const folder = vm.placement?.folder;
  if (folder !== undefined) {
    const value = toLabel(folder);
    if (value !== '') labels[`${PREFIX}/folder`] = value;
  }
  for (const [index, { category, name }] of (vm.tags ?? []).entries()) {
    add({ labels, group: 'tag', name: category ?? 'tag', text: name, from: `tags[${index}]`, was: name }, ledger);
  }
  for (const [name, text] of Object.entries(vm.attributes ?? {})) {
    // Free text is no label: it would be cut to something that nobody selects by.
    if (text.length > MAX_VALUE) continue;
    add({ labels, group: 'attribute', name, text, from: attributePath(name), was: text }, ledger);
  }
  return labels;
}

interface Candidate {
  readonly labels: Record<string, string>;
  readonly group: 'tag' | 'attribute';
  readonly name: string;
  readonly text: string;
  readonly from: string;
  readonly was: string;
}

/** A category with several tags, or two names of one form, get numbered keys. */
function add({ labels, group, name, text, from, was }: Candidate, ledger: Ledger): void {
  if (Object.keys(labels).length >= MAX_LABELS) return;
  const value = text.length <= MAX_VALUE && VALUE.test(text) ? text : toLabel(text);
  const form = toLabel(name) || group;
  if (value === '') return;
  let key = `${group}.${PREFIX}/${form}`;
  for (let number = 2; key in labels; number += 1) key = `${group}.${PREFIX}/${toLabel(`${form}-${number}`)}`;
  labels[key] = value;
  ledger.changed({
    from,
    to: `VirtualMachine/metadata.labels["${key}"]`,
    was,
    value,
    rule: RULE,
    because: 'A label, so that VMs can be selected by it; as it was, it stands in the annotations.',
  });
}

function attributePath(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `attributes.${name}` : `attributes["${name}"]`;
}
