/** Tells whether node_modules holds what package-lock.json asks for. Pure: takes both files' texts. */

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/**
 * Compares package-lock.json with node_modules/.package-lock.json, which npm writes when an installation is complete.
 * Contents are compared, not times: a fresh clone gives both files arbitrary times.
 * Entries that are only for other machines (optional ones) may be missing.
 *
 * @param {string} wanted text of package-lock.json
 * @param {string | undefined} installed text of node_modules/.package-lock.json, undefined when there is none
 * @returns {boolean}
 */
export function installedAsLocked(wanted, installed) {
  if (installed === undefined) return false;
  const here = packagesOf(installed);
  if (here === undefined) return false;
  const locked = packagesOf(wanted) ?? {};
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue;
    const found = here[path];
    if (found === undefined && !(entry.optional || entry.devOptional)) return false;
    if (found !== undefined && found.version !== entry.version) return false;
  }
  return true;
}

/**
 * @param {string} text
 * @returns {Record<string, LockEntry> | undefined} undefined when the file is damaged
 */
function packagesOf(text) {
  try {
    return JSON.parse(text).packages;
  } catch {
    return undefined;
  }
}
