/** Answers that no good host gives, from a small HTTPS server that says what it is told to. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { ACTION } from '../../../../providers/hyperv/winrm/envelope.ts';
import { asMigrationError, Fault, isTimeout } from '../../../../providers/hyperv/winrm/faults.ts';
import { openWinrm } from '../../../../providers/hyperv/winrm/index.ts';
import { Service } from '../../../../providers/hyperv/winrm/service.ts';
import { type Command, Shell } from '../../../../providers/hyperv/winrm/shell.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { selfSigned } from '../../../peers/certificate.ts';

const signal = AbortSignal.timeout(30_000);
const { certificate, key } = selfSigned();
const PASSWORD = 'never to be seen';
const XML = 'application/soap+xml;charset=UTF-8';

interface Said {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string;
  readonly challenges?: readonly string[];
}

let server: Server;
let says: (call: string) => Said;
const calls: string[] = [];

before(async () => {
  server = createServer({ cert: certificate, key }, async (request, response) => {
    const call = (await Array.fromAsync(request)).join('');
    calls.push(call);
    const { status = 200, type = XML, body = '', challenges } = says(call);
    response.writeHead(status, { 'content-type': type, ...(challenges && { 'www-authenticate': [...challenges] }) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function place() {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: true };
}
const options = {
  credentials: async () => ({ user: 'operator', password: PASSWORD }),
  loginMethod: 'basic',
  trust: { ca: certificate },
} as const;

const body = (content: string) => `<s:Envelope xmlns:s="x" xmlns:r="y"><s:Body>${content}</s:Body></s:Envelope>`;
const fault = (code: number, words = 'Zugriff verweigert') =>
  body(`<s:Fault><s:Reason><s:Text>${words}</s:Text></s:Reason><s:Detail><r:WSManFault Code="${code}"/></s:Detail></s:Fault>`);

async function troubleOf(said: Said): Promise<MigrationError> {
  says = () => said;
  try {
    await using _ = await openWinrm(place(), options, signal);
  } catch (error) {
    assert.ok(error instanceof MigrationError, String(error));
    const everything = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
    assert.doesNotMatch(everything, new RegExp(`${PASSWORD}|${Buffer.from(`operator:${PASSWORD}`).toString('base64')}`));
    return error;
  }
  assert.fail('it was content');
}

test('an answer that is none of WinRM is told by what it is', async () => {
  const table: readonly (readonly [Said, string])[] = [
    [{ status: 401 }, 'source-login-failed'],
    [{ status: 403, type: 'text/html', body: '<html>' }, 'source-forbidden'],
    [{ status: 404, type: 'text/html', body: '<html>' }, 'source-unreachable'],
    [{ status: 503, type: 'text/html' }, 'source-busy'],
    [{ status: 200, type: 'text/html', body: '<html>' }, 'source-answer-broken'],
    [{ status: 302 }, 'source-answer-broken'],
    [{ status: 200, body: '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>' }, 'source-answer-broken'],
    [{ status: 200, body: body('') }, 'source-answer-broken'],
    [{ status: 200, body: 'x'.repeat(9 * 1024 * 1024) }, 'source-answer-broken'],
    [{ status: 500, body: fault(5) }, 'source-forbidden'],
    [{ status: 500, body: fault(2150859180) }, 'source-forbidden'],
    [{ status: 500, body: fault(2150859173) }, 'source-busy'],
    [{ status: 500, body: fault(2150859240) }, 'source-busy'],
    [{ status: 500, body: fault(87) }, 'source-refused'],
  ];
  for (const [said, code] of table) assert.equal((await troubleOf(said)).code, code, `${said.status} ${said.body?.slice(0, 80)}`);
});

test('faults without a number are told by their subcode', () => {
  const codeOf = (subcode: string) => (asMigrationError(new Fault('words', undefined, subcode), 'host') as MigrationError).code;
  assert.equal(codeOf('AccessDenied'), 'source-forbidden');
  assert.equal(codeOf('QuotaLimit'), 'source-busy');
  assert.equal(codeOf('InvalidSelectors'), 'source-answer-broken');
  assert.equal(codeOf('Other'), 'source-refused');
  assert.ok(isTimeout(new Fault('words', undefined, 'TimedOut')));
  assert.ok(isTimeout(new Fault('words', 2150858793, 'TimedOut')));
});

test('the strongest login that the server offers is taken, and none where it offers none', async () => {
  const { loginMethod, ...open } = options;
  const offered = async (challenges: readonly string[]) => {
    calls.length = 0;
    says = () => ({ status: 401, challenges });
    await assert.rejects(openWinrm(place(), open, signal), { code: 'source-login-failed' }, loginMethod);
    return calls.length;
  };
  // One request to hear what is offered, one that logs in; NTLM asks for a challenge and gets none.
  assert.equal(await offered(['Negotiate, Basic realm="WSMAN"']), 2);
  assert.equal(await offered(['Basic realm="WSMAN"', 'Kerberos']), 2);
  assert.equal(await offered(['Kerberos']), 1);
});

const SHELL = body('<r:Shell><r:ShellId>S</r:ShellId></r:Shell>');
const COMMAND = body('<r:CommandResponse><r:CommandId>C</r:CommandId></r:CommandResponse>');
const DONE = '<r:CommandState CommandId="C" State="x/CommandState/Done"><r:ExitCode>-1073741510</r:ExitCode></r:CommandState>';
const output = (bytes: Buffer) => `<r:Stream Name="stdout" CommandId="C">${bytes.toString('base64')}</r:Stream>`;

/** A host that answers Receive with these, one after the other. */
function host(...receives: readonly string[]): void {
  const left = [...receives];
  says = (call) => {
    if (call.includes(ACTION.create)) return { body: SHELL };
    if (call.includes(ACTION.command)) return { body: COMMAND };
    if (call.includes(ACTION.receive)) return { body: body(`<r:ReceiveResponse>${left.shift()}</r:ReceiveResponse>`) };
    return { body: body('') };
  };
}

async function run(limit?: number, command: Command = { program: 'p', args: [], input: '' }) {
  await using service = new Service(place(), options);
  await using shell = new Shell(service, limit);
  return await shell.run(command, signal);
}

test('a character that lies across two answers is one character', async () => {
  const bytes = Buffer.from('a€b');
  host(output(bytes.subarray(0, 2)), output(bytes.subarray(2)) + DONE);
  assert.deepEqual(await run(), { stdout: 'a€b', stderr: '', exitCode: -1073741510 });
});

test('output without an end is given up, and its command ended', async () => {
  calls.length = 0;
  host(...Array.from({ length: 20 }, () => output(Buffer.alloc(1000, 97))));
  await assert.rejects(run(4500), { code: 'source-answer-broken' });
  const after = calls.filter((call) => call.includes(ACTION.receive) || call.includes(ACTION.signal));
  assert.equal(after.length, 6);
  assert.match(after.at(-1) ?? '', /signal\/terminate/);
});

test('long input goes in pieces below the smallest envelope that hosts take, and the last says so', async () => {
  calls.length = 0;
  host(DONE);
  const input = 'x'.repeat(250_000);
  await run(undefined, { program: 'p', args: [], input });
  const sent = calls.filter((call) => call.includes(ACTION.send));
  const pieces = sent.map((call) => Buffer.from(/<rsp:Stream[^>]*>([^<]*)</.exec(call)?.[1] ?? '', 'base64').toString());
  assert.equal(pieces.join(''), input);
  assert.deepEqual(
    sent.map((call) => call.includes('End="true"')),
    [false, false, true],
  );
  for (const call of sent) assert.ok(call.length < 150 * 1024, `${call.length} bytes`);
});

test('an output of somebody else is not taken for ours', async () => {
  const foreign = output(Buffer.from('foreign')).replace('"C"', '"D"');
  host(foreign + DONE.replace('"C"', '"D"'), output(Buffer.from('ours')) + DONE);
  assert.equal((await run()).stdout, 'ours');
});
