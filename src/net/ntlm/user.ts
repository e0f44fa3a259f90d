/** Who logs in, as NTLM wants to be told. */

export interface NtlmUser {
  readonly name: string;
  /** Empty: the server looks where it looks by itself. */
  readonly domain: string;
}

/**
 * `DOMAIN\user`, `user@realm` or `user`. A name with a realm goes to the server whole, with no domain, as Windows itself sends it.
 * `.\user` is an account of the server: the domain is `.` here, and the login puts the server's own name in its place.
 */
export function parseUser(text: string): NtlmUser {
  const cut = text.indexOf('\\');
  return cut < 0 ? { name: text, domain: '' } : { name: text.slice(cut + 1), domain: text.slice(0, cut) };
}

/** Upper case as Windows makes it: character for character, so that no `ß` becomes two. */
export function upperCase(text: string): string {
  let upper = '';
  for (let at = 0; at < text.length; at += 1) {
    const own = text.charAt(at);
    const other = own.toUpperCase();
    upper += other.length === 1 ? other : own;
  }
  return upper;
}
