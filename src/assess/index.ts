/**
 * Judgement: facts → concerns. One rule a file, one test a rule, and a page of all of them (catalogue.ts, deploy/concerns.md):
 * rules/ about the VM at the source and guest/ about what is inside it and what is asked for it (run here), target/ about its manifests and the cluster (target.ts), tables/ about maps and options
 * (tables.ts), plan/ about all VMs together (plan.ts). What mapping finds out while it decides, it raises itself: mappings/concerns.ts.
 * Pure: knows only src/model. A fact that is unknown is never taken for a no.
 */
import type { Concern } from '../model/concern.ts';
import type { GuestInspection } from '../model/guest-inspection.ts';
import { findGuestOs } from '../model/guest-os.ts';
import { type GuestChoice, policyOf } from '../model/guest-terms.ts';
import type { MappingOptions } from '../model/mapping.ts';
import type { MigrationType } from '../model/phase.ts';
import type { SourceVm } from '../model/vm.ts';
import { GUEST_RULES } from './guest-rules.ts';
import { type Peer, type Population, surveyPeers } from './population.ts';
import { type Surroundings, toConcern } from './rule.ts';
import { RULES } from './rules.ts';

export interface AssessContext {
  /** All VMs of the plan, the assessed one among them. Give the same array for each VM: it is surveyed once. */
  readonly peers?: readonly Peer[];
  /** Options of the mapping, so that nothing is called unknown that the user has stated. */
  readonly options?: MappingOptions;
  /** How the VM is migrated; cold when absent. */
  readonly type?: MigrationType;
  /** The target is a cluster of which something is known; false when absent. */
  readonly inCluster?: boolean;
  /** What is asked for the guest; nobody looks into it when absent. */
  readonly guest?: GuestChoice;
  /** What a look into the disks found. */
  readonly inspection?: GuestInspection | undefined;
  /** Why a look that was tried found nothing out. */
  readonly unseen?: string | undefined;
}

/** Runs every rule. Concerns come in the order of the rules; reports sort them by gravity. */
export function assess(vm: SourceVm, context: AssessContext = {}): readonly Concern[] {
  const surroundings: Surroundings = {
    population: populationOf(context.peers ?? NOBODY),
    options: context.options ?? {},
    type: context.type ?? 'cold',
    os: findGuestOs(vm.guest),
    inCluster: context.inCluster ?? false,
    guest: context.guest ?? {},
    policy: policyOf(context.guest ?? {}),
    inspection: context.inspection,
    unseen: context.unseen,
  };
  const concerns: Concern[] = [];
  for (const rule of SOURCE_RULES) {
    for (const finding of rule.check(vm, surroundings)) concerns.push(toConcern(rule, finding));
  }
  return concerns;
}

const SOURCE_RULES = [...RULES, ...GUEST_RULES];
const NOBODY: readonly Peer[] = [];
/** The survey of an array is kept as long as the array: the list of peers is the same for every VM of a plan. */
const SURVEYS = new WeakMap<readonly Peer[], Population>();

function populationOf(peers: readonly Peer[]): Population {
  const known = SURVEYS.get(peers);
  if (known !== undefined) return known;
  const population = surveyPeers(peers);
  SURVEYS.set(peers, population);
  return population;
}
