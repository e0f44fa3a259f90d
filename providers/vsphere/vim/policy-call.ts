/**
 * Calls to the storage policy service of a vCenter. It has an address and a namespace of its own, and knows the caller by the
 * session of the SOAP API, which is repeated in a header (vSphere Storage Policy API, `vcSessionCookie`).
 */
import { MigrationError } from '../../../src/model/errors.ts';
import type { Http } from '../http.ts';
import { writeElement } from './envelope.ts';
import { faultOf } from './fault.ts';
import type { Arguments, MoRef, VimNode } from './node.ts';
import { requireXml } from './soap-calls.ts';
import { parseXml } from './xml-reader.ts';

/** Parameters in the order of the schema. */
const OPERATIONS = {
  PbmRetrieveServiceContent: [],
  PbmQueryProfile: ['resourceType', 'profileCategory'],
  PbmRetrieveContent: ['profileIds'],
  PbmQueryAssociatedProfiles: ['entities'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type PolicyOperation = keyof typeof OPERATIONS;

const PATH = '/pbm';
const MOST_TEXT = 32 * 1024 * 1024;
/** The service is not the one that an inventory waits for. */
const PATIENCE_MS = 30_000;

/**
 * The response element; undefined where the server has no such service or does not let this account in.
 * @throws VimFault, MigrationError of the connection
 */
export async function policyCall(
  http: Http,
  { operation, on, args = {} }: { readonly operation: PolicyOperation; readonly on: MoRef; readonly args?: Arguments },
  signal: AbortSignal,
): Promise<VimNode | undefined> {
  const parameters = OPERATIONS[operation].map((name) => writeElement(name, args[name])).join('');
  const body =
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">' +
    `<soapenv:Header>${writeElement('vcSessionCookie', sessionOf(http))}</soapenv:Header>` +
    `<soapenv:Body><${operation} xmlns="urn:pbm">${writeElement('_this', on)}${parameters}</${operation}></soapenv:Body></soapenv:Envelope>`;
  const headers = { 'content-type': 'text/xml; charset=utf-8', soapaction: 'urn:pbm/2.0' };
  const answer = await http.request({ method: 'POST', path: PATH, headers, body, patience: PATIENCE_MS }, signal);
  if (answer.statusCode >= 400 && answer.statusCode < 500 && answer.statusCode !== 429) {
    await http.discard(answer);
    return undefined;
  }
  await requireXml(answer, http);
  const envelope = parseXml(await http.read(answer, signal, MOST_TEXT));
  const fault = faultOf(envelope);
  if (fault !== undefined) throw fault;
  const response = envelope.at('Body', `${operation}Response`);
  if (response === undefined)
    throw new MigrationError('source-answer-broken', `${http.host} answered ${operation} with something else`);
  return response;
}

/** The value without name and quotes. */
function sessionOf({ cookie }: Http): string | undefined {
  return cookie?.slice(cookie.indexOf('=') + 1).replace(/^"(.*)"$/, '$1');
}
