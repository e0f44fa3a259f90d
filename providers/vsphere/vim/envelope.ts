/** Writes calls. The order of elements is that of the table of operations and of the fields as given. */
import type { Argument, Arguments, MoRef } from './node.ts';
import { OPERATIONS, type Operation } from './operations.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

export function writeCall(operation: Operation, on: MoRef, args: Arguments): string {
  const parameters: readonly string[] = OPERATIONS[operation];
  const unknown = Object.keys(args).find((name) => !parameters.includes(name));
  if (unknown !== undefined) throw new Error(`${operation} has no parameter ${unknown}`);
  const body = parameters.map((name) => writeElement(name, args[name]));
  return `<${operation} xmlns="urn:vim25">${writeElement('_this', on)}${body.join('')}</${operation}>`;
}

/** The call as a whole SOAP 1.1 message. */
export function writeEnvelope(operation: Operation, on: MoRef, args: Arguments): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${writeCall(operation, on, args)}</soapenv:Body></soapenv:Envelope>`
  );
}

/** One element with its content; empty where there is no value. */
export function writeElement(name: string, value: Argument): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return `<${name}>${escapeXml(String(value))}</${name}>`;
  if ('id' in value) return `<${name} type="${escapeXml(value.type)}">${escapeXml(value.id)}</${name}>`;
  if ('fields' in value) {
    const type = value.xsi === undefined ? '' : ` xsi:type="${value.xsi}"`;
    const fields = Object.entries(value.fields).map(([field, content]) => writeElement(field, content));
    return `<${name}${type}>${fields.join('')}</${name}>`;
  }
  return value.map((member) => writeElement(name, member)).join('');
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character);
}
