/** WS-Management envelopes: what a request says, answers and faults in the form of Windows ([MS-WSMV] 2.2, DSP0226). */
import { randomUUID } from 'node:crypto';
import { SaxesParser } from 'saxes';

/** An element by its local name. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

export interface WsmanRequest {
  readonly action: string;
  readonly resource: string;
  readonly messageId: string;
  readonly selectors: ReadonlyMap<string, string>;
  readonly options: ReadonlyMap<string, string>;
  /** OperationTimeout in ms; a minute when absent. */
  readonly timeout: number;
  /** MaxEnvelopeSize in bytes. */
  readonly maximum: number;
  /** First element of the body; absent where it is empty. */
  readonly body: Element | undefined;
}

export interface WsmanFault {
  readonly code: number;
  readonly subcode: string;
  readonly message: string;
  readonly sender?: boolean;
}

export const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
export const RESOURCE = `${SHELL}/cmd`;
export const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd';
const SOAP = 'http://www.w3.org/2003/05/soap-envelope';
const IDENTITY = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd';

/** Of the service, by what they mean. */
export const FAULTS = {
  timedOut: {
    code: 2150858793,
    subcode: 'w:TimedOut',
    message: 'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.',
  },
  shellNotFound: {
    code: 2150858843,
    subcode: 'w:InvalidSelectors',
    sender: true,
    message: 'The request for the Windows Remote Shell failed because the shell was not found on the server.',
  },
  tooManyShells: {
    code: 2150859173,
    subcode: 'w:QuotaLimit',
    sender: true,
    message:
      'The WS-Management service cannot process the request. This user is allowed a maximum number of 30 concurrent shells, which has been exceeded.',
  },
  tooManyOperations: {
    code: 2150859174,
    subcode: 'w:QuotaLimit',
    sender: true,
    message:
      'The WS-Management service cannot process the request. This user is allowed a maximum number of concurrent operations, which has been exceeded.',
  },
  accessDenied: { code: 5, subcode: 'w:AccessDenied', sender: true, message: 'Access is denied.' },
  invalidResource: {
    code: 2150858752,
    subcode: 'w:InvalidResourceURI',
    sender: true,
    message: 'The service cannot find the resource identified by the resource URI and selectors.',
  },
  aborted: {
    code: 995,
    subcode: 'w:InternalError',
    message: 'The I/O operation has been aborted because of either a thread exit or an application request.',
  },
  malformed: { code: 2150858792, subcode: 'w:SchemaValidationError', sender: true, message: 'The request is no valid message.' },
  tooLarge: {
    code: 2150858817,
    subcode: 'w:EncodingLimit',
    sender: true,
    message: 'The request is larger than MaxEnvelopeSizekb.',
  },
} as const satisfies Record<string, WsmanFault>;

/** @throws Error when the text is no XML */
export function parse(text: string): Element {
  const top: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [top];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const attributes = new Map(Object.values(tag.attributes).map(({ local, value }) => [local, value]));
    const element: Element = { name: tag.local, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (piece) => {
    const element = open.at(-1);
    if (element) element.text += piece;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  const [root] = top.children;
  if (!root) throw new Error('no element');
  return root;
}

export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

/** Undefined for an envelope that lacks what every request has to say. */
export function readRequest(envelope: Element): WsmanRequest | undefined {
  const header = child(envelope, 'Header');
  const said = (name: string): string | undefined => child(header, name)?.text.trim();
  const action = said('Action');
  const resource = said('ResourceURI');
  const messageId = said('MessageID');
  if (!action || !resource || !messageId || !said('To') || !child(child(header, 'ReplyTo'), 'Address')) return undefined;
  const named = (set: string): ReadonlyMap<string, string> =>
    new Map((child(header, set)?.children ?? []).map(({ attributes, text }) => [attributes.get('Name') ?? '', text]));
  return {
    action,
    resource,
    messageId,
    selectors: named('SelectorSet'),
    options: named('OptionSet'),
    timeout: duration(said('OperationTimeout') ?? 'PT60S'),
    maximum: Number(said('MaxEnvelopeSize') ?? 512_000),
    body: child(envelope, 'Body')?.children[0],
  };
}

/** An answer. @param body XML */
export function answer(action: string, relatesTo: string, body: string): string {
  const header = `<a:Action>${action}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID><a:To>${ADDRESSING}/role/anonymous</a:To><a:RelatesTo>${encode(relatesTo)}</a:RelatesTo>`;
  return `<s:Envelope xml:lang="en-US" xmlns:s="${SOAP}" xmlns:a="${ADDRESSING}" xmlns:x="${TRANSFER}" xmlns:w="${WSMAN}" xmlns:rsp="${SHELL}" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export function faultAnswer(fault: WsmanFault, relatesTo: string): string {
  const code = `<s:Code><s:Value>s:${fault.sender ? 'Sender' : 'Receiver'}</s:Value><s:Subcode><s:Value>${fault.subcode}</s:Value></s:Subcode></s:Code>`;
  const text = encode(fault.message);
  const detail = `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${fault.code}" Machine="127.0.0.1"><f:Message>${text}</f:Message></f:WSManFault>`;
  const body = `<s:Fault>${code}<s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason><s:Detail>${detail}</s:Detail></s:Fault>`;
  return answer('http://schemas.dmtf.org/wbem/wsman/1/wsman/fault', relatesTo, body);
}

/** What a server says of itself before anybody logs in. */
export function identity(): string {
  const said = `<wsmid:IdentifyResponse xmlns:wsmid="${IDENTITY}"><wsmid:ProtocolVersion>${WSMAN}</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>`;
  return `<s:Envelope xml:lang="en-US" xmlns:s="${SOAP}"><s:Header/><s:Body>${said}</s:Body></s:Envelope>`;
}

export function encode(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** `PT20S`, `PT1M`, `PT0.5S` in ms. */
function duration(text: string): number {
  const [, hours = '0', minutes = '0', seconds = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(text) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
