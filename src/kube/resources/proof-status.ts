/** A boot proof in the status of its VmMigration, both ways. Pure. */
import type { AcceleratorChoice, BootEvidence, BootProof, BootTrouble } from '../../model/boot-proof.ts';
import type { VmMigrationStatus } from '../../resources/vm-migration.ts';

export type ProofStatus = NonNullable<VmMigrationStatus['proof']>;

/** What runs machines in a cluster, as far as KubeVirt says. */
export const PROCESSORS: Readonly<Record<AcceleratorChoice['name'], AcceleratorChoice>> = {
  kvm: { name: 'kvm', because: 'KubeVirt runs VMs with KVM, and does not say that it emulates this one.' },
  tcg: { name: 'tcg', because: 'KubeVirt says that it emulates the processor.' },
};

const SENTENCE = 1024;
const WORD = 64;
const NICS = 256;

/** As much of it as the definition takes. */
export function proofWithin({ booted, seconds, evidence, trouble, ...proof }: BootProof): ProofStatus {
  const { accelerator, addresses, differences, screenshot } = proof;
  return {
    booted,
    seconds,
    evidence: evidence.slice(0, 32).map((one) => ({ ...one, text: one.text.slice(0, 256) })),
    ...(trouble && { trouble: { ...trouble, text: trouble.text.slice(0, SENTENCE) } }),
    accelerator: accelerator.name,
    addresses: Object.entries(addresses)
      .slice(0, NICS)
      .map(([mac, all]) => ({ mac: mac.slice(0, WORD), addresses: all.slice(0, 32).map((one) => one.slice(0, WORD)) })),
    differences: differences.slice(0, 64).map((text) => text.slice(0, SENTENCE)),
    ...(screenshot !== undefined && { screenshot }),
  };
}

/** What `proofWithin` wrote. A word that a later version wrote is kept as it is. */
export function proofOf({ evidence, trouble, accelerator, addresses, ...proof }: ProofStatus): BootProof {
  return {
    ...proof,
    evidence: evidence as readonly BootEvidence[],
    ...(trouble && { trouble: trouble as BootTrouble }),
    accelerator: PROCESSORS[accelerator],
    addresses: Object.fromEntries(addresses.map(({ mac, addresses: all }) => [mac, all])),
    console: '',
  };
}
