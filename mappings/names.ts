/**
 * Names of target objects: DNS-1123 labels of at most 63 characters, without dots. (KubeVirt accepts longer VM names and dots, but
 * then label values are hashed and the host name is cut.) A name depends on the VM alone; only when two VMs want the same name do
 * both get a piece of their id's hash, so that the order of the inventory never matters.
 */
import anyAscii from 'any-ascii';
import type { SourceVm } from '../src/model/vm.ts';
import { shortHash } from './hash.ts';

const MAX_LABEL = 63;
const CUT_HASH = 6;
/** Digits of the id's hash that a name gets in the first, second, … round of a collision. */
const COLLISION_HASH: readonly [number, number, ...number[]] = [0, 6, 10, 16];

/** As much of a VM as its name depends on. */
type Named = Pick<SourceVm, 'ref' | 'name'>;

export interface AssignedName {
  readonly name: string;
  /** In words, for the Decision. */
  readonly because: string;
}

/**
 * Target names by `ref.id`.
 * @throws Error when two VMs have one id: ids are unique within a provider
 */
export function assignNames(vms: readonly Named[]): ReadonlyMap<string, AssignedName> {
  const wanted = new Map<string, string>();
  for (const vm of vms) {
    if (wanted.has(vm.ref.id)) throw new Error(`two VMs have the id ${vm.ref.id}`);
    wanted.set(vm.ref.id, toLabel(vm.name) || `vm-${shortHash(vm.ref.id, COLLISION_HASH[1])}`);
  }
  const unique = spreadNames(wanted);
  const assigned = new Map<string, AssignedName>();
  for (const vm of vms) {
    const { name, clashed } = unique.get(vm.ref.id) ?? { name: '', clashed: false };
    assigned.set(vm.ref.id, { name, because: reasonOf(vm, clashed) });
  }
  return assigned;
}

/**
 * A name for each key that no other key has: the wanted one, or where several want the same, each with a piece of its key's hash.
 * The order of the keys does not matter. `isTaken` tells names that are in use elsewhere.
 */
export function spreadNames(
  wanted: ReadonlyMap<string, string>,
  isTaken: (name: string, key: string) => boolean = () => false,
): ReadonlyMap<string, { readonly name: string; readonly clashed: boolean }> {
  const rounds = Array.from(wanted, ([key, base]) => ({ key, base, name: base, round: 0 }));
  for (let clash = true; clash; ) {
    clash = false;
    for (const group of Map.groupBy(rounds, ({ name }) => name).values()) {
      for (const member of group) {
        if (group.length < 2 && !isTaken(member.name, member.key)) continue;
        member.round += 1;
        const digits = COLLISION_HASH[member.round];
        if (digits === undefined) throw new Error(`no unique name for ${member.key}`);
        member.name = withSuffix(member.base, `-${shortHash(member.key, digits)}`);
        clash = true;
      }
    }
  }
  return new Map(rounds.map(({ key, name, round }) => [key, { name, clashed: round > 0 }]));
}

/** `web-disk-0`: the claim of one disk and the stem of its raw file. Unique because the VM's name is. */
export function claimName(vmName: string, index: number): string {
  return withSuffix(vmName, `-disk-${index}`);
}

/** A DNS-1123 label made of any text; empty when nothing of it can be kept. Letters of other scripts are written in Latin ones. */
export function toLabel(text: string): string {
  const cleaned = cleanedText(text);
  return cleaned.length <= MAX_LABEL ? cleaned : withSuffix(cleaned, `-${shortHash(text, CUT_HASH)}`);
}

function reasonOf(vm: Named, clashed: boolean): string {
  if (clashed) return 'Another VM wants the same name, so each of them carries a piece of the hash of its source id.';
  const cleaned = cleanedText(vm.name);
  if (cleaned === vm.name && cleaned.length <= MAX_LABEL) return 'The name is valid in Kubernetes as it is.';
  if (cleaned === '') return 'Nothing of the name can be written in the letters, digits and dashes that Kubernetes allows.';
  if (cleaned.length > MAX_LABEL)
    return `Kubernetes names have ${MAX_LABEL} characters at most; the cut name ends in a hash of the whole one.`;
  return 'Kubernetes names consist of lower-case Latin letters, digits and dashes.';
}

function cleanedText(text: string): string {
  // An unpaired surrogate (damaged source) is no character at all.
  return anyAscii(text.toWellFormed())
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** `base` cut so that the suffix fits; a cut base gets a hash of the whole one, so that two long bases stay apart. */
export function withSuffix(base: string, suffix: string): string {
  if (base.length + suffix.length <= MAX_LABEL) return base + suffix;
  const hash = `-${shortHash(base, CUT_HASH)}`;
  return base.slice(0, MAX_LABEL - suffix.length - hash.length).replace(/-+$/, '') + hash + suffix;
}
