/** What every mapper is told besides the VM itself. */
import type { ClusterFacts } from '../src/model/cluster-facts.ts';
import type { ConversionPolicy } from '../src/model/conversion.ts';
import type { GuestInspection } from '../src/model/guest-inspection.ts';
import type { MappingOptions, NetworkMap, StorageMap } from '../src/model/mapping.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { PlacementRules } from './placement-rules.ts';
import type { SharedDisks } from './shared-disks.ts';

export interface MappingContext {
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  /** Absent members are unknown. A folder as target knows nothing: `{}`. */
  readonly facts: ClusterFacts;
  readonly options: MappingOptions;
  /** From `planNetworks`; absent unless the options ask for network attachments. */
  readonly networkPlan?: NetworkPlan | undefined;
  /** From `findSharedDisks` over all VMs of the plan; absent: no disk is used by several of them. */
  readonly sharedDisks?: SharedDisks | undefined;
  /** From `planPlacement`; absent: no rules between VMs are known. */
  readonly placement?: PlacementRules | undefined;
  /** What is asked for the guest, and what a look into it found, where somebody looked. Absent: nothing is known of either. */
  readonly guest?: { readonly policy: ConversionPolicy; readonly inspection?: GuestInspection | undefined } | undefined;
  /** Target name from `assignNames`. */
  readonly name: string;
  /** Claims that disks of this VM were given before, by disk key: they keep them, also when other disks come and go. */
  readonly claims?: ReadonlyMap<string, string> | undefined;
  /** Why the name is what it is, where the caller kept it. */
  readonly nameBecause?: string;
}
