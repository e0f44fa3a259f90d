/** Facts without a field of their own, kept as path and value, with secrets withheld. */
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { XmlElement } from './xml.ts';

/** Longest value kept; what is longer is cut and marked. */
const MAX_VALUE = 500;

export const WITHHELD = '(withheld)';

/** Keys whose values may be secrets: passwords, tokens, keys of encrypted VMs (`encryption.keySafe`), cloud-init user data. */
const SECRET_KEY =
  /passw|passphrase|secret|token|credential|private.?key|keysafe|encryption\.data|vnc\.key|user-?data|licen[cs]e.?key/i;

export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** One fact; the value is withheld when the path sounds like a secret. */
export function extraFact(path: string, value: string): ExtraFact {
  if (isSecretKey(path)) return { path, value: WITHHELD };
  return { path, value: value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}… (${value.length} characters)` : value };
}

/** Every text and attribute below an element as facts. `Info` texts (for people) and `ovf:required` are left out. */
export function flatten(element: XmlElement, path = qualifiedName(element)): readonly ExtraFact[] {
  const facts: ExtraFact[] = [];
  collect(element, path, facts);
  return facts;
}

function collect(element: XmlElement, path: string, facts: ExtraFact[]): void {
  if (element.name === 'Info') return;
  const key = element.attributes.find((attribute) => attribute.name === 'key');
  const value = element.attributes.find((attribute) => attribute.name === 'value');
  if (key !== undefined && value !== undefined) {
    facts.push(extraFact(`${path}/${key.value}`, value.value));
    return;
  }
  for (const attribute of element.attributes) {
    if (attribute.name === 'required' || attribute.vocabulary === 'xsi') continue;
    facts.push(extraFact(`${path}@${attribute.name}`, attribute.value));
  }
  if (element.text !== '') facts.push(extraFact(path, element.text));
  for (const child of element.children) collect(child, `${path}/${child.name}`, facts);
}

/** `vmw:ExtraConfig`, `ovf:StartupSection`, `Item`: vocabulary and local name, whatever prefix the file uses. */
export function qualifiedName(element: XmlElement): string {
  if (element.vocabulary === 'none' || element.vocabulary === 'cim') return element.name;
  const prefix = element.vocabulary === 'other' ? element.prefix : element.vocabulary;
  return prefix === '' ? element.name : `${prefix}:${element.name}`;
}
