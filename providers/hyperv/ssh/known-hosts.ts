/**
 * Which key a host has to show: `known_hosts` files (OpenSSH, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT") and pinned fingerprints. Nothing is ever added
 * to a file, and no key is taken on first sight. Keys that an authority signed (`@cert-authority`) are not understood and count for nothing.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { MigrationError } from '../../../src/model/errors.ts';

export interface KnownKeys {
  /** Keys that the host may show, as they are on the wire. */
  readonly known: readonly Buffer[];
  readonly revoked: readonly Buffer[];
}

/** Lines beyond are not read: no file of people is as long. */
const MOST_LINES = 200_000;

/** What a `known_hosts` text says of a host. A port other than 22 is part of the name. */
export function knownKeys(text: string, { host, port }: { readonly host: string; readonly port: number }): KnownKeys {
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
  const known: Buffer[] = [];
  const revoked: Buffer[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const words = line.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [hosts, , key] = words;
    if (hosts === undefined || key === undefined || hosts.startsWith('#') || !names(hosts, name)) continue;
    if (marker === '@revoked') revoked.push(Buffer.from(key, 'base64'));
    if (marker === undefined) known.push(Buffer.from(key, 'base64'));
  }
  return { known, revoked };
}

function names(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return hashed(hosts, name);
  let found = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), name)) return false;
    } else found ||= matches(pattern, name);
  }
  return found;
}

/** `|1|salt|HMAC-SHA1 of the name` */
function hashed(entry: string, name: string): boolean {
  const [, kind, salt = '', digest = ''] = entry.split('|');
  if (kind !== '1') return false;
  const wanted = Buffer.from(digest, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** `*` and `?`; goes back to the last `*` only, which is enough and never long. */
function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let here = 0; here < name.length; ) {
    if (pattern[at] === '*') {
      star = at;
      resume = here;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === name[here]) {
      at += 1;
      here += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      here = resume;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** Names of the algorithm that a key on the wire is for: `ssh-ed25519`. */
export function typeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + Math.min(key.readUInt32BE(0), 64)).toString('latin1');
}

/** As ssh-keygen shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${hash('sha256', key, 'base64').replace(/=+$/, '')}`;
}

/**
 * Reads `SHA256:…` as ssh-keygen shows it, or 64 hexadecimal digits with or without colons.
 * @throws MigrationError `usage` for text that is none
 */
export function parseFingerprint(text: string): string {
  const base64 = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text.trim())?.[1];
  if (base64 !== undefined) return `SHA256:${base64}`;
  const digits = text.replace(/^sha-?256[:=]/i, '').replaceAll(/[:\s]/g, '');
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw new MigrationError(
      'usage',
      'The thumbprint of an SSH host is SHA256:… as ssh-keygen -l shows it, or 64 hexadecimal digits',
    );
  }
  return `SHA256:${Buffer.from(digits, 'hex').toString('base64').replace(/=+$/, '')}`;
}
