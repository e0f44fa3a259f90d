/** Objects as YAML that means the same to YAML 1.1 and 1.2 readers. */
import { Document, visit } from 'yaml';

/** The octal form of YAML 1.2's core schema, a plain string to 1.1. */
const OCTAL_1_2 = /^0o[0-7]+$/;

/**
 * One document without a `---` line. Written under the 1.1 schema, so that `n`, `on`, `0777` or `12:30:00`, which kubectl's
 * reader (YAML 1.1) would take for booleans and numbers, come quoted when they are strings; what only a 1.2 reader would
 * mistake (`0o17`) is quoted too.
 */
export function renderYaml(value: object): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && OCTAL_1_2.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, directives: false });
}
