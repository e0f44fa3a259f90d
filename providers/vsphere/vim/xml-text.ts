/** What stands between the marks of XML 1.0: characters, references and line ends. Each gives undefined for what is malformed. */

/** Production 2. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const REFERENCE = /&(?:#x([0-9A-Fa-f]+);|#([0-9]+);|(amp|lt|gt|quot|apos);)?/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const BLANK = '[\\t\\n\\r ]';
const DECLARATION = new RegExp(
  [
    `^${BLANK}+version${BLANK}*=${BLANK}*(?:"1\\.0"|'1\\.0')`,
    `(?:${BLANK}+encoding${BLANK}*=${BLANK}*(?:"[A-Za-z][\\w.-]*"|'[A-Za-z][\\w.-]*'))?`,
    `(?:${BLANK}+standalone${BLANK}*=${BLANK}*(?:"(?:yes|no)"|'(?:yes|no)'))?${BLANK}*$`,
  ].join(''),
);

/** Text between tags. */
export function readText(raw: string): string | undefined {
  return raw.includes(']]>') ? undefined : expanded(readLiteral(raw));
}

/** The inside of a CDATA section, a comment or a processing instruction, with the line ends of XML. */
export function readLiteral(raw: string): string | undefined {
  return FORBIDDEN.test(raw) ? undefined : raw.replaceAll(/\r\n?/g, '\n');
}

/** An attribute's value between its quotes. */
export function readValue(raw: string): string | undefined {
  return expanded(readLiteral(raw)?.replaceAll(/[\t\n]/g, ' '));
}

/** What stands between `<?xml` and `?>`. Only version 1.0 is told apart from what it is not. */
export function isXmlDeclaration(inside: string): boolean {
  return DECLARATION.test(inside);
}

function expanded(text: string | undefined): string | undefined {
  if (text === undefined || !text.includes('&')) return text;
  let whole = true;
  const done = text.replaceAll(REFERENCE, (_, hex?: string, decimal?: string, entity?: string) => {
    if (entity !== undefined) return ENTITIES[entity] ?? '';
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal ?? Number.NaN);
    if (code <= 0x10ffff && !FORBIDDEN.test(String.fromCodePoint(code))) return String.fromCodePoint(code);
    whole = false;
    return '';
  });
  return whole ? done : undefined;
}
