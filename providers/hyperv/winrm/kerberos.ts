/** Tickets of the machine's own credential cache (`kinit`), by the package `kerberos`, which brings native code and is installed by who wants it. */
import { MigrationError } from '../../../src/model/errors.ts';

/** The part of the package that is used; it need not be there. */
interface KerberosPackage {
  initializeClient(service: string, options: { readonly mechOID: number }): Promise<{ step(challenge: string): Promise<string> }>;
}

/** GSS_MECH_OID_KRB5 of the package. */
const KRB5 = 9;
const PACKAGE = 'kerberos';

/**
 * Makes a token for each request.
 * @throws MigrationError `tool-missing` without the package; tokens: `source-login-failed` without a ticket
 */
export async function kerberosTokens(host: string): Promise<() => Promise<string>> {
  const kerberos = await loadPackage();
  return async () => {
    try {
      const client = await kerberos.initializeClient(`HTTP@${host}`, { mechOID: KRB5 });
      return await client.step('');
    } catch (cause) {
      throw new MigrationError('source-login-failed', `There is no Kerberos ticket for HTTP/${host}: ${reason(cause)}`, {
        file: host,
        hint: 'Get a ticket with kinit, and name the host as the domain does (an IP address has no ticket).',
        cause,
      });
    }
  };
}

async function loadPackage(): Promise<KerberosPackage> {
  try {
    // By a name that is not written out: no compiler looks for what is optional.
    const name: string = PACKAGE;
    const module: { default?: KerberosPackage } & Partial<KerberosPackage> = await import(name);
    const kerberos = module.default ?? module;
    if (kerberos.initializeClient === undefined) throw new Error('It has another form than expected');
    return kerberos as KerberosPackage;
  } catch (cause) {
    throw new MigrationError('tool-missing', 'Logins by Kerberos need the npm package kerberos', {
      hint: 'Install it beside kubeferry: npm install kerberos (version 7; it builds against the headers of libkrb5).',
      cause,
    });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : 'unknown';
}
