/**
 * As much SOAP as the stand-in needs: what a request asks for, and answers and faults in the form of real servers. Requests are written by
 * machines, so patterns suffice to read them; nothing here is meant for XML from anywhere else.
 */

export interface Reference {
  readonly type: string;
  readonly id: string;
}

export interface SoapCall {
  readonly operation: string;
  /** The object that the operation is called on. */
  readonly self: Reference;
  /** The whole request. */
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface FaultOptions {
  /** `faultstring`, what a person reads. */
  readonly message: string;
  /** Fields of the fault, as XML. */
  readonly fields?: string;
}

const OPEN =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n';
const CLOSE = '\n</soapenv:Body>\n</soapenv:Envelope>';
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Undefined for what is no SOAP request on an object. */
export function readCall(text: string): SoapCall | undefined {
  const operation = /<(?:[\w-]+:)?Body\b[^>]*>\s*<(?:[\w-]+:)?(\w+)/.exec(text)?.[1];
  const self = /<(?:[\w-]+:)?_this\b([^>]*)>([^<]*)</.exec(text);
  if (!operation || !self) return undefined;
  return { operation, self: { type: /\btype="(\w+)"/.exec(self[1] ?? '')?.[1] ?? '', id: decode(self[2] ?? '') }, text };
}

/** Text of the first element of that name, decoded; undefined where there is none. */
export function argument(call: SoapCall, name: string): string | undefined {
  const found = new RegExp(`<(?:[\\w-]+:)?${name}\\b[^>]*?(?:/>|>([^<]*)<)`).exec(call.text);
  return found ? decode(found[1] ?? '') : undefined;
}

/** The answer to a call. @param inner XML, empty where the operation returns nothing */
export function answer(operation: string, inner: string): Answer {
  return xml(200, `<${operation}Response xmlns="urn:vim25">${inner}</${operation}Response>`);
}

/** A fault as vCenter writes it: HTTP 500, the type of the fault in its detail. */
export function fault(type: string, { message, fields = '' }: FaultOptions): Answer {
  const detail = `<${type}Fault xmlns="urn:vim25" xsi:type="${type}">${fields}</${type}Fault>`;
  return xml(
    500,
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${encode(message)}</faultstring><detail>${detail}</detail></soapenv:Fault>`,
  );
}

export function invalidArgument(property: string): Answer {
  return fault('InvalidArgument', {
    message: `A specified parameter was not correct: ${property}`,
    fields: `<invalidProperty>${property}</invalidProperty>`,
  });
}

export function notAuthenticated(): Answer {
  return fault('NotAuthenticated', {
    message: 'The session is not authenticated.',
    fields: '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>',
  });
}

/** Object id that a call returned. */
export function returned(text: string): string {
  return decode(/<returnval\b[^>]*>([^<]*)</.exec(text)?.[1] ?? '');
}

/** The object that does a service, such as `sessionManager`; its id differs between vCenter and a standalone host. @param content answer of RetrieveServiceContent */
export function service(content: string, name: string): Reference {
  const found = new RegExp(`<${name} type="(\\w+)">([^<]*)`).exec(content);
  if (!found) throw new Error(`the server has no ${name}`);
  return { type: found[1] ?? '', id: found[2] ?? '' };
}

export const SERVICE_INSTANCE: Reference = { type: 'ServiceInstance', id: 'ServiceInstance' };

export function encode(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function decode(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? all;
  });
}

export function envelope(body: string): string {
  return `${OPEN}${body}${CLOSE}`;
}

function xml(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: envelope(body) };
}
