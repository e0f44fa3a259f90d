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
const COLLISION_HASH = [0, 6, 10, 16] as const;

export interface AssignedName {
  readonly name: string;
  /** In words, for the Decision. */
  readonly because: string;
}

/**
 * Target names by `ref.id`.
 * @throws Error when two VMs have one id: ids are unique within a provider
 */
export function assignNames(vms: readonly SourceVm[]): ReadonlyMap<string, AssignedName> {
  const rounds = new Map<string, { readonly vm: SourceVm; round: number }>();
  for (const vm of vms) {
    if (rounds.has(vm.ref.id)) throw new Error(`two VMs have the id ${vm.ref.id}`);
    rounds.set(vm.ref.id, { vm, round: 0 });
  }
  for (let clash = true; clash; ) {
    clash = false;
    for (const group of Map.groupBy(rounds.values(), ({ vm, round }) => nameOf(vm, round)).values()) {
      if (group.length < 2) continue;
      for (const member of group) {
        if (member.round === COLLISION_HASH.length - 1) throw new Error(`no unique name for ${member.vm.ref.id}`);
        member.round += 1;
      }
      clash = true;
    }
  }
  const assigned = new Map<string, AssignedName>();
  for (const [id, { vm, round }] of rounds) assigned.set(id, { name: nameOf(vm, round), because: reasonOf(vm, round) });
  return assigned;
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

function nameOf(vm: SourceVm, round: number): string {
  const base = toLabel(vm.name) || `vm-${shortHash(vm.ref.id, COLLISION_HASH[1])}`;
  const digits = COLLISION_HASH[round] ?? 0;
  return digits === 0 ? base : withSuffix(base, `-${shortHash(vm.ref.id, digits)}`);
}

function reasonOf(vm: SourceVm, round: number): string {
  if (round > 0) return 'Another VM wants the same name, so each of them carries a piece of the hash of its source id.';
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
function withSuffix(base: string, suffix: string): string {
  if (base.length + suffix.length <= MAX_LABEL) return base + suffix;
  const hash = `-${shortHash(base, CUT_HASH)}`;
  return base.slice(0, MAX_LABEL - suffix.length - hash.length).replace(/-+$/, '') + hash + suffix;
}
