/**
 * The process behind `../synthetic-vcenter.ts`: a server of property-collector XML, told what to serve by one JSON line on standard input and
 * ending with it. Sessions, views and filters are taken at their word; nothing is checked that a benchmark does not need.
 */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { ServeOptions } from '../synthetic-vcenter.ts';
import { argument, envelope, readCall, type SoapCall } from '../vcenter/soap.ts';
import { objectsOf } from './surroundings.ts';
import { vmWriter } from './vm.ts';

interface Paging {
  /** The VMs that were named; all when absent. */
  readonly numbers: readonly number[] | undefined;
  readonly write: (number: number) => string;
  readonly size: number;
}

const MARK = '\u0000';
/** Answers are written in pieces of about this many characters. */
const PIECE = 256 * 1024;

const lines = createInterface({ input: process.stdin });
const [line] = (await once(lines, 'line')) as [string];
lines.on('close', () => process.exit(0));
const options = JSON.parse(line) as ServeOptions;
const pagings = new Map<string, Paging>();
/** The filter's properties; one filter is all that a client of this server makes for VMs. */
let filtered: readonly string[] = [];
let changes = 0;
let started = 0;

const server = createServer({ key: options.key, cert: options.certificate }, (request, response) => {
  void serve(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const call = readCall(body);
  if (!call) return rest(request, response);
  response.setHeader('content-type', 'text/xml; charset=utf-8');
  switch (call.operation) {
    case 'RetrievePropertiesEx':
      return retrieve(call, response);
    case 'ContinueRetrievePropertiesEx':
      return page(call.operation, argument(call, 'token') ?? '', response);
    case 'WaitForUpdatesEx':
      return wait(call, response);
    default:
      response.end(
        envelope(`<${call.operation}Response xmlns="urn:vim25">${simple(call, response)}</${call.operation}Response>`),
      );
  }
}

function simple(call: SoapCall, response: ServerResponse): string {
  switch (call.operation) {
    case 'RetrieveServiceContent':
      return `<returnval>${SERVICE_CONTENT}</returnval>`;
    case 'Login':
      response.setHeader('set-cookie', 'vmware_soap_session="5f0e1c9a"; Path=/; HttpOnly; Secure;');
      return `<returnval><key>5f0e1c9a</key><userName>${argument(call, 'userName')}</userName><fullName>Synthetic</fullName><loginTime>2026-01-01T00:00:00Z</loginTime><lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale><messageLocale>en</messageLocale></returnval>`;
    case 'CurrentTime':
      return `<returnval>${new Date().toISOString()}</returnval>`;
    case 'CreateContainerView':
      return `<returnval type="ContainerView">session[5f0e1c9a]view-${argument(call, 'type') ?? 'all'}</returnval>`;
    case 'CreatePropertyCollector':
      return '<returnval type="PropertyCollector">session[5f0e1c9a]collector</returnval>';
    case 'CreateFilter':
      if (about(call) === 'VirtualMachine') filtered = paths(call);
      return '<returnval type="PropertyFilter">session[5f0e1c9a]filter</returnval>';
    default:
      return '';
  }
}

async function retrieve(call: SoapCall, response: ServerResponse): Promise<void> {
  if (about(call) !== 'VirtualMachine') {
    const objects = types(call)
      .map((type) => objectsOf(type, paths(call)))
      .join('');
    response.end(
      envelope(
        `<${call.operation}Response xmlns="urn:vim25">${objects && `<returnval>${objects}</returnval>`}</${call.operation}Response>`,
      ),
    );
    return;
  }
  const write = vmWriter(paths(call), 'propSet');
  started += 1;
  const id = `page-${started}`;
  // VMs that are named one by one, in place of a view of all.
  const named = [...call.text.matchAll(/<(?:\w+:)?obj\b[^>]*>vm-(\d+)</g)].map(([, number]) => Number(number));
  const numbers = named.length > 0 ? named : undefined;
  pagings.set(id, { numbers, write, size: Number(argument(call, 'maxObjects') ?? options.vms) || options.vms });
  await page(call.operation, `${id}:0`, response);
}

async function page(operation: string, token: string, response: ServerResponse): Promise<void> {
  const [id = '', start = ''] = token.split(':');
  const paging = pagings.get(id);
  if (!paging) throw new Error(`unknown token ${token}`);
  const begin = Number(start);
  const { numbers, write } = paging;
  const total = numbers?.length ?? options.vms;
  const end = Math.min(total, begin + paging.size);
  const next = end < total ? `<token>${id}:${end}</token>` : '';
  const [head = '', tail = ''] = envelope(
    `<${operation}Response xmlns="urn:vim25"><returnval>${next}${MARK}</returnval></${operation}Response>`,
  ).split(MARK);
  await stream(response, head, tail, { begin, end, write: (at) => `<objects>${write(numbers?.[at] ?? at)}</objects>` });
  if (end === total) pagings.delete(id);
}

/** The first answers hold everything, page by page; then each wait tells of one VM that was powered off or on. */
async function wait(call: SoapCall, response: ServerResponse): Promise<void> {
  const version = argument(call, 'version') ?? '';
  const most = Number(argument(call, 'maxObjectUpdates') ?? options.vms) || options.vms;
  const begin = Number(/^(?:|all:(\d+))$/.exec(version)?.[1] ?? (version === '' ? 0 : options.vms));
  const open = `<${call.operation}Response xmlns="urn:vim25"><returnval>`;
  const filter = '<filterSet><filter type="PropertyFilter">session[5f0e1c9a]filter</filter>';
  if (begin >= options.vms) {
    changes += 1;
    const state = changes % 2 === 0 ? 'poweredOn' : 'poweredOff';
    const vm = String(changes % options.vms).padStart(8, '0');
    const change = `<changeSet><name>runtime.powerState</name><op>assign</op><val xsi:type="VirtualMachinePowerState">${state}</val></changeSet>`;
    const update = `<objectSet><kind>modify</kind><obj type="VirtualMachine">vm-${vm}</obj>${change}</objectSet>`;
    response.end(
      envelope(
        `${open}<version>change:${changes}</version>${filter}${update}</filterSet></returnval></${call.operation}Response>`,
      ),
    );
    return;
  }
  const end = Math.min(options.vms, begin + most);
  const truncated = end < options.vms ? '<truncated>true</truncated>' : '';
  const all = `${open}<version>all:${end}</version>${filter}${MARK}</filterSet>${truncated}</returnval></${call.operation}Response>`;
  const [head = '', tail = ''] = envelope(all).split(MARK);
  const write = vmWriter(filtered, 'changeSet');
  await stream(response, head, tail, {
    begin,
    end,
    write: (number) => `<objectSet><kind>enter</kind>${write(number)}</objectSet>`,
  });
}

interface Run {
  readonly begin: number;
  readonly end: number;
  readonly write: (number: number) => string;
}

async function stream(response: ServerResponse, head: string, tail: string, run: Run): Promise<void> {
  let piece = head;
  for (let number = run.begin; number < run.end; number += 1) {
    piece += run.write(number);
    if (piece.length < PIECE) continue;
    if (!response.write(piece)) await once(response, 'drain');
    piece = '';
  }
  response.end(piece + tail);
}

/** Logins are granted and lists are empty: no tags. */
function rest(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  if (request.method === 'DELETE') response.writeHead(204).end();
  else if (request.url?.endsWith('/session')) response.writeHead(201).end('"5f0e1c9a-0000-4000-8000-000000000000"');
  else response.end(request.url?.startsWith('/rest') ? '{"value":[]}' : '[]');
}

/** The type that a filter's first property set is for. */
function about(call: SoapCall): string {
  return types(call)[0] ?? '';
}

function types(call: SoapCall): readonly string[] {
  const found = call.text.matchAll(/<(?:\w+:)?propSet\b[^>]*>[\s\S]*?<(?:\w+:)?type\b[^>]*>(\w+)</g);
  return [...found].map(([, type]) => type ?? '');
}

function paths(call: SoapCall): readonly string[] {
  return [...call.text.matchAll(/<(?:\w+:)?pathSet\b[^>]*>([^<]*)</g)].map(([, path]) => path ?? '');
}

const SERVICE_CONTENT = [
  '<rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>',
  '<viewManager type="ViewManager">ViewManager</viewManager>',
  '<about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8.0.3 build-24022515</fullName><vendor>VMware, Inc.</vendor>',
  '<version>8.0.3</version><build>24022515</build><localeVersion>INTL</localeVersion><localeBuild>000</localeBuild><osType>linux-x64</osType>',
  '<productLineId>vpx</productLineId><apiType>VirtualCenter</apiType><apiVersion>8.0.3.0</apiVersion>',
  '<instanceUuid>c0ffee00-1111-2222-3333-444455556666</instanceUuid></about>',
  '<sessionManager type="SessionManager">SessionManager</sessionManager>',
].join('');
