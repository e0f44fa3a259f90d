/** The envelopes of WS-Management ([MS-WSMV] 2.2, DSP0226): one request a call, in a form that all versions of Windows read. */
import { randomUUID } from 'node:crypto';
import { escapeXml } from './xml.ts';

export const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const RESOURCE = `${SHELL}/cmd`;

const NAMESPACES = {
  s: 'http://www.w3.org/2003/05/soap-envelope',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  w: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  p: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  rsp: SHELL,
};
const ANONYMOUS = `${NAMESPACES.a}/role/anonymous`;

/**
 * Bytes of an answer that we take at most in one piece; the default of the service since Windows 8 and Server 2012. What we send stays below
 * the 150 KiB of older ones.
 */
const ENVELOPE_BYTES = 512_000;

export const ACTION = {
  create: `${TRANSFER}/Create`,
  delete: `${TRANSFER}/Delete`,
  command: `${SHELL}/Command`,
  send: `${SHELL}/Send`,
  receive: `${SHELL}/Receive`,
  signal: `${SHELL}/Signal`,
} as const;

export interface Request {
  readonly action: (typeof ACTION)[keyof typeof ACTION];
  /** Whom it is for; absent to make one. */
  readonly shell?: string;
  readonly options?: Readonly<Record<string, string>>;
  /** XML; empty when absent. */
  readonly body?: string;
}

/**
 * @param endpoint URL of the service
 * @param timeoutSeconds after which the service answers in any case
 */
export function writeEnvelope(request: Request, endpoint: string, timeoutSeconds: number): string {
  const { action, shell, options = {}, body = '' } = request;
  const namespaces = Object.entries(NAMESPACES)
    .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
    .join('');
  const named = Object.entries(options)
    .map(([name, value]) => `<w:Option Name="${escapeXml(name)}">${escapeXml(value)}</w:Option>`)
    .join('');
  const selectors = shell === undefined ? '' : `<w:Selector Name="ShellId">${escapeXml(shell)}</w:Selector>`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope${namespaces}><s:Header>`,
    `<a:To>${escapeXml(endpoint)}</a:To>`,
    `<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>`,
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>`,
    `<a:Action s:mustUnderstand="true">${action}</a:Action>`,
    `<w:ResourceURI s:mustUnderstand="true">${RESOURCE}</w:ResourceURI>`,
    `<w:MaxEnvelopeSize s:mustUnderstand="true">${ENVELOPE_BYTES}</w:MaxEnvelopeSize>`,
    `<w:OperationTimeout>PT${timeoutSeconds}S</w:OperationTimeout>`,
    // Messages are for people only; nothing is read out of them.
    '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>',
    selectors === '' ? '' : `<w:SelectorSet>${selectors}</w:SelectorSet>`,
    named === '' ? '' : `<w:OptionSet>${named}</w:OptionSet>`,
    `</s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  ].join('');
}
