/** A WSDL of our own for the operations of the table: the servers' own is large, and not every server hands it out. */
import { OPERATIONS, REFERENCES } from './operations.ts';

const NAMESPACE = 'urn:vim25';

export const VIM_WSDL = wsdl();

function wsdl(): string {
  const operations = Object.entries(OPERATIONS);
  const each = (write: (name: string, parameters: readonly string[]) => string): string =>
    operations.map(([name, parameters]) => write(name, parameters)).join('');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" `,
    `xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:vim25="${NAMESPACE}" targetNamespace="${NAMESPACE}">`,
    `<types><xsd:schema targetNamespace="${NAMESPACE}" elementFormDefault="qualified">`,
    '<xsd:complexType name="ManagedObjectReference"><xsd:simpleContent><xsd:extension base="xsd:string">',
    '<xsd:attribute name="type" type="xsd:string"/></xsd:extension></xsd:simpleContent></xsd:complexType>',
    each((name, parameters) => `${element(name, ['_this', ...parameters])}${element(`${name}Response`, ['returnval'])}`),
    '</xsd:schema></types>',
    each((name) => `${message(`${name}Request`, name)}${message(`${name}Answer`, `${name}Response`)}`),
    '<portType name="VimPort">',
    each((name) => operation(name, `<input message="vim25:${name}Request"/><output message="vim25:${name}Answer"/>`)),
    '</portType><binding name="VimBinding" type="vim25:VimPort">',
    '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
    each((name) =>
      operation(
        name,
        `<soap:operation soapAction="${NAMESPACE}"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>`,
      ),
    ),
    '</binding><service name="Vim"><port name="VimPort" binding="vim25:VimBinding"><soap:address location="https://localhost/sdk"/>',
    '</port></service></definitions>',
  ].join('');
}

function element(name: string, parts: readonly string[]): string {
  const children = parts.map((part) => {
    const type = part === '_this' || REFERENCES.has(part) ? 'vim25:ManagedObjectReference' : 'xsd:anyType';
    return `<xsd:element name="${part}" type="${type}" minOccurs="0" maxOccurs="unbounded"/>`;
  });
  return `<xsd:element name="${name}"><xsd:complexType><xsd:sequence>${children.join('')}</xsd:sequence></xsd:complexType></xsd:element>`;
}

function message(name: string, part: string): string {
  return `<message name="${name}"><part name="parameters" element="vim25:${part}"/></message>`;
}

function operation(name: string, body: string): string {
  return `<operation name="${name}">${body}</operation>`;
}
