/** What kind of section an element is, over the versions of OVF. */
import { attribute, type XmlElement } from './xml.ts';

/**
 * Kind of a child of Envelope, Content or VirtualSystem: `DiskSection`, `VirtualHardwareSection`, `VirtualSystem`, …
 * OVF 1 and 2 use the element's name; 0.9 (and oVirt) write `<Section xsi:type="ovf:DiskSection_Type">` and `<Content …>`.
 * Sections of other vocabularies keep their name; the caller tells them apart by `vocabulary`.
 */
export function kindOf(element: XmlElement): string {
  if (element.name !== 'Section' && element.name !== 'Content') return element.name;
  const type = attribute(element, 'type', 'xsi');
  if (type === undefined) return element.name;
  return type.slice(type.indexOf(':') + 1).replace(/_Type$/, '');
}

/** True for elements of OVF itself, with or without namespace. */
export function isOvf(element: XmlElement): boolean {
  return element.vocabulary === 'ovf' || element.vocabulary === 'none';
}

/** OVF sections of one kind among the children. */
export function sectionsOf(element: XmlElement, kind: string): readonly XmlElement[] {
  return element.children.filter((child) => isOvf(child) && kindOf(child) === kind);
}
