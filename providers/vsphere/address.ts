/** `vsphere://user@host[:port][/datacenter]` in its parts. */
import { MigrationError } from '../../src/model/errors.ts';

export interface Address {
  /** `https://host:port` */
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  /** Only the VMs of this datacenter. */
  readonly datacenter?: string;
}

const SCHEME = /^vsphere:\/\//i;

export function isVsphereUrl(source: string): boolean {
  return SCHEME.test(source);
}

/** @throws MigrationError `usage`; the message never repeats a password that somebody wrote into the URL */
export function parseAddress(source: string): Address {
  let url: URL;
  try {
    // An https URL, so that host and port are read by the rules of the web.
    url = new URL(source.replace(SCHEME, 'https://'));
  } catch {
    throw new MigrationError('usage', 'The source is no URL of the form vsphere://user@host[:port][/datacenter]');
  }
  if (url.password !== '') {
    throw new MigrationError('usage', 'A password in the URL would be seen by everybody on this machine', {
      hint: 'Leave it out; give it by KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or at the prompt.',
    });
  }
  if (url.search !== '' || url.hash !== '') throw new MigrationError('usage', 'A vsphere:// URL has neither query nor fragment');
  const user = decode(url.username);
  const datacenter = decode(url.pathname.replace(/^\/+|\/+$/g, ''));
  return {
    origin: url.origin,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 443 : Number(url.port),
    ...(user !== '' && { user }),
    ...(datacenter !== '' && { datacenter }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
