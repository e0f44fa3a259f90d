/** References from a descriptor to its files: only plain names inside the package. */
import { MigrationError } from '../../../src/model/errors.ts';
import { placeOf, type XmlElement } from './xml.ts';

/**
 * The names that an href may stand for, as written and with percent-encoding undone: exporters do either.
 * @throws MigrationError `href-unsafe` for schemes, absolute paths, `..`, backslashes and control characters
 */
export function namesOf(href: string, element: XmlElement): readonly string[] {
  const decoded = decode(href);
  for (const name of [href, decoded]) {
    if (!isPlain(name)) {
      throw new MigrationError(
        'href-unsafe',
        `The descriptor names ${show(href)}, which is not a file of its package`,
        placeOf(element),
      );
    }
  }
  return [...new Set([withoutDots(href), withoutDots(decoded)])];
}

function decode(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    // A name with a lone percent sign is no encoding at all.
    return href;
  }
}

/** Relative, with forward slashes, staying inside. What begins like a scheme or a drive letter is refused. */
export function isPlain(name: string): boolean {
  if (name === '' || name.startsWith('/') || name.includes('\\') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(name)) return false;
  if (Array.from(name).some((character) => character < ' ' || character === '\x7f')) return false;
  return !name.split('/').includes('..') && withoutDots(name) !== '';
}

/** Without `.` and empty parts: `./a//b` is `a/b`. */
export function withoutDots(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Names come from outside: kept short and free of control characters. */
export function show(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
