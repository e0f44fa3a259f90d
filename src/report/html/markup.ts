/** HTML as a tagged template that escapes everything it is given, except HTML made by itself. */
import { printable } from '../columns.ts';

export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

/** Text is escaped, Html is kept, lists are joined, undefined is nothing. Names from outside can never become markup. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : '')).join(''));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.toString();
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return part.map(render).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Nearly every text is plain: one look tells. */
const NOT_PLAIN = /[^ -!#-%(-;=?-~\u00a1-\u00ac\u00ae-\u05ff]/;

function escaped(text: string): string {
  if (!NOT_PLAIN.test(text)) return text;
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
