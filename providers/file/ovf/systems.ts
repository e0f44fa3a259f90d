/** The virtual systems of an envelope, in collections or not, with what they inherit from above. */

import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { isOvf, kindOf, sectionsOf } from './section.ts';
import { attribute, childrenOf, placeOf, type XmlElement } from './xml.ts';

/** Most virtual systems in one envelope. The largest vApps hold about a hundred. */
const MAX_SYSTEMS = 1000;
/** Most inherited sections and properties, each counted once for every system that inherits it. */
const MAX_INHERITED = 100_000;

export interface SystemEntry {
  readonly id: string;
  readonly element: XmlElement;
  /** Sections of the envelope and the collections above, outermost first. */
  readonly inherited: readonly XmlElement[];
  /** Start order and the like, stated by the collection around it. */
  readonly startup?: XmlElement;
}

/**
 * All virtual systems, depth first. Ids are unique over the whole envelope (DSP0243 §7.2).
 * @throws MigrationError `ovf-duplicate-id`, `xml-too-complex`
 */
export function readSystems(root: XmlElement): readonly SystemEntry[] {
  const systems: SystemEntry[] = [];
  const ids = new Set<string>();
  let inheritances = 0;

  function enter(element: XmlElement, above: readonly XmlElement[]): void {
    const own = element.children.filter((child) => isOvf(child) && INHERITED_KINDS.has(kindOf(child)));
    const inherited = own.length === 0 ? above : [...above, ...own];
    const weight = inherited.reduce((sum, section) => sum + 1 + section.children.length, 0);
    const starts = startItems(element);
    for (const child of element.children) {
      const kind = isOvf(child) ? kindOf(child) : '';
      if (kind !== 'VirtualSystem' && kind !== 'VirtualSystemCollection') continue;
      const id = attribute(child, 'id') ?? '';
      // IBM's collections have no id; a system without one is still told from those that have.
      if (ids.has(id)) throw new MigrationError('ovf-duplicate-id', `Two virtual systems have the id "${id}"`, placeOf(child));
      if (id !== '' || kind === 'VirtualSystem') ids.add(id);
      inheritances += weight;
      if (inheritances > MAX_INHERITED) throw tooComplex(`more than ${MAX_INHERITED} inherited properties`, child);
      if (kind === 'VirtualSystemCollection') enter(child, inherited);
      else systems.push(defined({ id, element: child, inherited, startup: starts.get(id) }));
      if (systems.length > MAX_SYSTEMS) throw tooComplex(`more than ${MAX_SYSTEMS} virtual systems`, child);
    }
  }

  enter(root, []);
  return systems;
}

const INHERITED_KINDS: ReadonlySet<string> = new Set(['ProductSection', 'PropertySection', 'EulaSection']);

/** A StartupSection speaks about the collection's own children (DSP0243 §9.7). */
function startItems(collection: XmlElement): ReadonlyMap<string, XmlElement> {
  const items = sectionsOf(collection, 'StartupSection').flatMap((section) => childrenOf(section, 'Item'));
  return new Map(items.map((item) => [attribute(item, 'id') ?? '', item]));
}

function tooComplex(what: string, element: XmlElement): MigrationError {
  return new MigrationError('xml-too-complex', `The envelope has ${what}`, placeOf(element));
}
