/**
 * Edits of one object as `govc object.save` writes it. Patterns over the indented XML of Go's encoder, which is regular. An edit that finds
 * nothing to change throws, so that an inventory never lacks its oddity unnoticed.
 */
import { encode } from '../vcenter/soap.ts';

export type Edit = (xml: string) => string;

/** The attribute by which the simulator's files tell the type of an element. */
const TYPE = '_XMLSchema-instance:type';

/** Replaces the first match. @param by XML that may say `xsi:type` */
export function replace(pattern: RegExp, by: string): Edit {
  return (xml) => {
    if (!pattern.test(xml)) throw new Error(`the saved object has no ${pattern}`);
    return xml.replace(pattern, () => typed(by));
  };
}

/** One edit after the other. */
export function all(...edits: readonly Edit[]): Edit {
  return (xml) => edits.reduce((edited, edit) => edit(edited), xml);
}

/** Renames the object wherever its name is told. */
export function rename(from: string, to: string): Edit {
  return (xml) => xml.replaceAll(`>${from}<`, `>${encode(to)}<`);
}

/** Adds a device at the end. @param inner XML after key and description */
export function device(type: string, key: number, label: string, inner: string): Edit {
  const description = `<deviceInfo xsi:type="Description"><label>${label}</label><summary>${label}</summary></deviceInfo>`;
  const xml = `<device xsi:type="${type}"><key>${key}</key>${description}${inner}</device>`;
  return replace(/<\/hardware>/, `${xml}</hardware>`);
}

/** Changes the first device of a type. */
export function inDevice(type: string, edit: Edit): Edit {
  return (xml) => {
    const start = xml.indexOf(`<device ${TYPE}="${type}">`);
    const end = xml.indexOf('</device>\n', xml.indexOf('<unitNumber>', start));
    if (start < 0 || end < 0) throw new Error(`the saved VM has no ${type}`);
    return xml.slice(0, start) + edit(xml.slice(start, end)) + xml.slice(end);
  };
}

/** Adds elements to the VM's configuration. */
export function inConfig(inner: string): Edit {
  return replace(/<firmware>bios<\/firmware>/, `<firmware>bios</firmware>${inner}`);
}

/** Adds to the guest's information. */
export function inGuest(inner: string): Edit {
  return replace(/<guestState><\/guestState>/, `<guestState>running</guestState>${inner}`);
}

/** Writes `xsi:type` as these files spell it. */
function typed(xml: string): string {
  return xml.replaceAll('xsi:type=', `${TYPE}=`);
}
