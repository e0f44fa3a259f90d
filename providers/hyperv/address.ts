/** `hyperv://[user@]host[:port]` and `hyperv+ssh://[user@]host[:port]` in their parts. */
import { MigrationError } from '../../src/model/errors.ts';

export interface Address {
  readonly way: 'winrm' | 'ssh';
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** WinRM over HTTPS. False: over HTTP, where NTLM seals each message; SSH has its own way. */
  readonly tls: boolean;
  /** As people write it: `Administrator`, `DOMAIN\user`, `user@domain`. */
  readonly user?: string;
}

const SCHEME = /^hyperv(\+ssh)?:\/\//i;
const FORM = 'hyperv://user@host[:port] or hyperv+ssh://user@host[:port]';

/** Ports of the WinRM service (Microsoft: "Installation and configuration for Windows Remote Management"), and of SSH. */
const HTTPS = 5986;
const HTTP = 5985;
const SSH = 22;

export function isHypervUrl(source: string): boolean {
  return SCHEME.test(source);
}

/** @throws MigrationError `usage`; the message never repeats a password that somebody wrote into the URL */
export function parseAddress(source: string): Address {
  // No scheme of the web: a backslash in the user's name stays one, and no port is left out as the usual one.
  const url = parse(source);
  const host = url === undefined ? undefined : parse(`https://${url.hostname}`)?.hostname;
  if (url === undefined || host === undefined || host === '')
    throw new MigrationError('usage', `The source is no URL of the form ${FORM}`);
  if (url.password !== '') {
    throw new MigrationError('usage', 'A password in the URL would be seen by everybody on this machine', {
      hint: 'Leave it out; give it by KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or at the prompt.',
    });
  }
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw new MigrationError('usage', `A source of the form ${FORM} ends with its port`);
  const way = /\+ssh:/i.test(url.protocol) ? 'ssh' : 'winrm';
  const port = url.port === '' ? (way === 'ssh' ? SSH : HTTPS) : Number(url.port);
  const user = decode(url.username);
  return {
    way,
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port,
    tls: way === 'winrm' && port !== HTTP,
    ...(user !== '' && { user }),
  };
}

/** The source without its user: what people and errors call it. */
export function nameOf({ way, host, port }: Address): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  const usual = way === 'ssh' ? SSH : HTTPS;
  return `hyperv${way === 'ssh' ? '+ssh' : ''}://${shown}${port === usual ? '' : `:${port}`}`;
}

function parse(text: string): URL | undefined {
  return URL.parse(text) ?? undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
