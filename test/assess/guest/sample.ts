/** What a look into the disks of an ordinary Debian guest finds; `facts` replaces whole parts. */
import type { ConversionPolicy, ConversionTerms } from '../../../src/model/conversion.ts';
import type { GuestInspection, InspectedSystem } from '../../../src/model/guest-inspection.ts';
import type { GuestChoice } from '../../../src/model/guest-terms.ts';

export const DEBIAN: InspectedSystem = {
  root: '/dev/sda2',
  type: 'linux',
  distro: 'debian',
  product: 'Debian GNU/Linux 12 (bookworm)',
  mounts: [
    { path: '/', device: '/dev/sda2' },
    { path: '/boot', device: '/dev/sda1' },
  ],
};

export const WINDOWS: InspectedSystem = {
  root: '/dev/sdb1',
  type: 'windows',
  product: 'Windows Server 2008 R2',
  version: { major: 6, minor: 1 },
  mounts: [{ path: '/', device: '/dev/sdb1' }],
};

export function inspected(facts: Partial<GuestInspection> = {}): GuestInspection {
  return {
    systems: [DEBIAN],
    root: { device: '/dev/sda2', because: 'it is the only one on the disks' },
    filesystems: [],
    encrypted: [],
    volumeGroups: [],
    boot: { table: 'mbr', bios: true },
    drivers: { kernels: [{ version: '6.1', virtio: true, virtioAtBoot: true, virtioNet: true }] },
    tools: [],
    network: [],
    nicNames: [],
    applications: [],
    applicationCount: 0,
    ...facts,
  };
}

/** Nothing tells which of the systems is meant. */
export function rootless(facts: Partial<GuestInspection> = {}): GuestInspection {
  const { root: _, ...rest } = inspected(facts);
  return rest;
}

/** With a proof. */
export function asked(policy: ConversionPolicy, terms: Partial<ConversionTerms> = {}): GuestChoice {
  return { conversion: { policy, ...terms }, proof: { probes: [] } };
}
