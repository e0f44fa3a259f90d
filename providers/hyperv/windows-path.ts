/**
 * Paths as Windows names files, taken apart. Two paths are compared part by part and without regard to case, as Windows does; a part is matched
 * whole or not at all. What could mean another file to whoever reads it next (`..`, streams, devices) is no path here.
 */

export interface WindowsPath {
  /** What the path begins at, in one form: `c:`, `\\server\share`, `\\?\volume{…}`. */
  readonly root: string;
  /** Below the root, as they were written. */
  readonly parts: readonly string[];
}

const SEPARATORS = /[\\/]+/;
/** Not in names: the characters that Win32 reserves. A colon would open a stream of a file. */
const RESERVED = /[<>:"|?*]/;
const LONGEST = 32_767;

/** Undefined for a path that is relative, climbs, or is none. */
export function parseWindowsPath(text: string): WindowsPath | undefined {
  if (text.length > LONGEST) return undefined;
  const long = /^\\\\[?.]\\(.*)$/s.exec(text)?.[1];
  const unc = long === undefined ? /^[\\/]{2}([^\\/?.].*)$/s.exec(text)?.[1] : /^UNC\\(.*)$/is.exec(long)?.[1];
  if (unc !== undefined) return parseUnc(unc);
  const [, root, rest = ''] = /^([a-z]:|Volume\{[0-9a-f-]{36}\})([\\/].*)?$/is.exec(long ?? text) ?? [];
  if (root === undefined || (long === undefined && !root.endsWith(':'))) return undefined;
  // `C:` alone is the folder that some program stands in.
  if (rest === '') return undefined;
  const parts = parseParts(rest);
  return parts === undefined ? undefined : { root: root.endsWith(':') ? fold(root) : `\\\\?\\${fold(root)}`, parts };
}

function parseUnc(text: string): WindowsPath | undefined {
  const [server = '', share = '', ...parts] = parseParts(text) ?? [];
  if (server === '' || share === '') return undefined;
  return { root: `\\\\${fold(server)}\\${fold(share)}`, parts };
}

function parseParts(text: string): readonly string[] | undefined {
  const parts = text.split(SEPARATORS).filter((part) => part !== '');
  return parts.every(isName) ? parts : undefined;
}

/** Windows drops dots and spaces at the end of a name, which makes `.. ` the same as `..`. */
function isName(part: string): boolean {
  return !RESERVED.test(part) && !/[ .]$/.test(part) && Array.from(part).every((letter) => letter >= ' ');
}

/** Server and share of a path that begins with them. */
export function shareOf({ root }: WindowsPath): { readonly server: string; readonly share: string } | undefined {
  const [, server, share] = /^\\\\([^\\?]+)\\([^\\]+)$/.exec(root) ?? [];
  return server === undefined || share === undefined ? undefined : { server, share };
}

/** What lies below `folder`, as it is written in `path`; undefined when `path` is not in it. */
export function below(path: WindowsPath, folder: WindowsPath): readonly string[] | undefined {
  if (path.root !== folder.root || path.parts.length < folder.parts.length) return undefined;
  const isIn = folder.parts.every((part, index) => fold(part) === fold(path.parts[index] ?? ''));
  return isIn ? path.parts.slice(folder.parts.length) : undefined;
}

/** The longest of the folders that the path is in. The first of equals counts. */
export function longest<T>(
  path: WindowsPath,
  candidates: readonly T[],
  folderOf: (candidate: T) => WindowsPath | undefined,
): { readonly candidate: T; readonly rest: readonly string[] } | undefined {
  let best: { readonly candidate: T; readonly rest: readonly string[] } | undefined;
  for (const candidate of candidates) {
    const folder = folderOf(candidate);
    const rest = folder === undefined ? undefined : below(path, folder);
    if (rest !== undefined && rest.length < (best?.rest.length ?? Number.POSITIVE_INFINITY)) best = { candidate, rest };
  }
  return best;
}

/** One form for all names that Windows takes for the same: letter by letter, so that `ß` is not `ss`, and no letter becomes an ASCII one. */
export function fold(text: string): string {
  return Array.from(text, foldLetter).join('');
}

function foldLetter(letter: string): string {
  if (letter <= '\x7f') return letter.toLowerCase();
  const upper = other(letter, letter.toUpperCase());
  return other(upper, upper.toLowerCase());
}

function other(letter: string, changed: string): string {
  return letter.length === 1 && changed.length === 1 && changed > '\x7f' ? changed : letter;
}
