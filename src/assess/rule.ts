/** What a rule is. Each lives in rules/<id>.ts or guest/<id>.ts and exports `rule`; rules.ts and guest-rules.ts list them. */
import type { Category, Concern } from '../model/concern.ts';
import type { ConversionPolicy } from '../model/conversion.ts';
import type { GuestInspection } from '../model/guest-inspection.ts';
import type { GuestOs } from '../model/guest-os/row.ts';
import type { GuestChoice } from '../model/guest-terms.ts';
import type { MappingOptions } from '../model/mapping.ts';
import type { MigrationType } from '../model/phase.ts';
import type { SourceVm } from '../model/vm.ts';
import type { Population } from './population.ts';

/** One place of a VM that a rule has something to say about. */
export interface Finding {
  /** Path of the fact: `disks[1].mode`. */
  readonly subject: string;
  /** What it means for this VM and what to do. */
  readonly assessment: string;
  /** Where this case is graver or lighter than the rule's own category; `about` says when. */
  readonly category?: Category;
}

/** What a rule may look at besides the VM itself. */
export interface Surroundings {
  readonly population: Population;
  /** Choices of the user: what is given by option is no longer unknown. */
  readonly options: Partial<MappingOptions>;
  /** How the VM is migrated. */
  readonly type: MigrationType;
  /** The catalogue's row for the guest, looked up once for all rules. */
  readonly os: GuestOs | undefined;
  /** The target is a cluster of which something is known, not a folder. */
  readonly inCluster: boolean;
  /** What is asked for the guest. */
  readonly guest: GuestChoice;
  /** Of `guest`; `none` where nobody is to look into it. */
  readonly policy: ConversionPolicy;
  /** What a look into the disks found; undefined where nobody looked, or could. */
  readonly inspection: GuestInspection | undefined;
  /** Why a look that was tried found nothing out. */
  readonly unseen: string | undefined;
}

/** What every kind of rule says about itself; the catalogue's page is made of it. */
export interface RuleWords {
  /** Stable, kebab-case, the name of the file. */
  readonly id: string;
  readonly category: Category;
  /** What is wrong, in a few words. */
  readonly label: string;
  /** What the rule looks at and why it matters, without a case at hand: the catalogue's text. */
  readonly about: string;
  /** Path of the fact with empty brackets for any place: `disks[].mode`. Where the fact is from is in fact-sources.ts. */
  readonly subject: string;
  /** What to do, without a case at hand. */
  readonly remedy: string;
}

/** Judges a VM as the source states it. */
export interface Rule extends RuleWords {
  /** An unknown fact is not a "no": a rule speaks of it only where not knowing matters, and says so. */
  check(vm: SourceVm, surroundings: Surroundings): readonly Finding[];
}

export function toConcern({ id, category, label }: RuleWords, finding: Finding): Concern {
  return { id, category: finding.category ?? category, label, assessment: finding.assessment, subject: finding.subject };
}
