/** The range reader against a server that does things wrong: the bytes are right in the end, or the error names the true cause. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { HttpHeaders } from '../../../../src/contracts/source-access.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { KiB, MiB } from '../../../../src/model/units.ts';
import { Origins, type OriginsOptions } from '../../../../src/transfer/transports/http/origins.ts';
import { openRange } from '../../../../src/transfer/transports/range/open-range.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { scatteredDisk } from '../../../conformance/disk-reader.ts';
import { seededWords } from '../../../fakes/seeded.ts';
import { selfSigned } from '../../../peers/certificate.ts';
import { ETAG, type Fault, type FaultServer, startFaultServer } from './fault-server.ts';
import { accessTo, cookie, hurriedClock, live, rangeSource } from './fixture.ts';

const { content } = scatteredDisk(2 * MiB, 3);
const PIECE = 64 * KiB;
let server: FaultServer;

beforeEach(async () => {
  server = await startFaultServer(content);
});
afterEach(() => server[Symbol.asyncDispose]());

interface OpenOptions {
  readonly headers?: (url: string, signal: AbortSignal, refused?: HttpHeaders) => Promise<HttpHeaders>;
  readonly origins?: Partial<OriginsOptions>;
  readonly mark?: string;
  readonly thumbprint?: string;
  readonly attempts?: number;
}

function open({ headers = async () => ({}), origins, mark, thumbprint, attempts = 5 }: OpenOptions = {}): Promise<DiskReader> {
  const trust = thumbprint === undefined ? { ca: server.certificate.certificate } : { thumbprint };
  return openRange(rangeSource(server.url, content.length, mark === undefined ? {} : { mark }), accessTo({ trust, headers }), {
    signal: live(),
    clock: hurriedClock,
    origins: new Origins({ clock: hurriedClock, ...origins }),
    attempts,
  });
}

async function assertReads(reader: DiskReader, offset = 0, length = content.length): Promise<void> {
  const into = new Uint8Array(length);
  await reader.read(offset, into, live());
  assert.equal(Buffer.compare(into, content.subarray(offset, offset + length)), 0);
}

/** Reads the whole disk, many pieces at once. */
async function assertReadsAll(reader: DiskReader): Promise<void> {
  const offsets = Array.from({ length: content.length / PIECE }, (_, index) => index * PIECE);
  await Promise.all(offsets.map((offset) => assertReads(reader, offset, PIECE)));
}

/** The given answers after the probe go wrong, in this order. */
function failThen(...faults: readonly Fault[]): void {
  const left = faults.values();
  server.fault = () => left.next().value;
}

function codeOf(code: string, message?: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof MigrationError, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  };
}

test('a server that ignores ranges is found out at once, and its whole disk is not downloaded', async () => {
  server.fault = () => ({ status: 200, whole: true });
  await assert.rejects(open(), codeOf('disk-unreachable', /ignores ranges/));
  assert.equal(server.asked.length, 1);
});

test('a single answer that ignores the range is asked for again', async () => {
  await using reader = await open();
  failThen({ status: 200, whole: true });
  await assertReads(reader, PIECE, PIECE);
});

const LIES: readonly (readonly [string, Fault])[] = [
  ['another range than the one that was asked for', { headers: { 'content-range': `bytes 512-1023/${content.length}` } }],
  ['a range without the total', { headers: { 'content-range': 'bytes 0-511/*' } }],
  ['no word about which range it is', { headers: { 'content-range': '' } }],
  ['compressed bytes', { headers: { 'content-encoding': 'gzip' } }],
  ['more bytes than were asked for', { headers: { 'content-length': '1024' } }],
  ['a body of unknown length', { headers: { 'transfer-encoding': 'chunked' } }],
];
for (const [lie, fault] of LIES) {
  test(`an answer with ${lie} is not believed`, async () => {
    server.fault = () => fault;
    await assert.rejects(open(), MigrationError);
    server.fault = () => undefined;
    await using reader = await open();
    failThen(fault);
    await assertReads(reader, 0, PIECE);
    server.fault = () => fault;
    await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-read-failed', /after 5 tries/));
  });
}

test('a body that is cut goes on at the byte where it stopped', async () => {
  await using reader = await open();
  failThen({ after: { bytes: 300_000, by: 'reset' } }, { after: { bytes: 500_000, by: 'end' } });
  await assertReads(reader);
  const [, , second, third] = server.asked;
  assert.ok(second !== undefined && third !== undefined);
  // What was on its way when the connection was reset may be lost.
  assert.ok(second.first <= 300_000 && second.last === content.length - 1);
  assert.equal(third.first, second.first + 500_000);
});

test('a server that cuts every answer is read nevertheless', async () => {
  await using reader = await open();
  server.fault = () => ({ after: { bytes: 150_000, by: 'end' } });
  await assertReads(reader);
});

test('a connection that rested for longer than the patience is watched again when it is used', async () => {
  const patience = 60;
  await using reader = await open({ origins: { patience, firstLanes: 1 } });
  await sleep(3 * patience);
  failThen({ after: { bytes: 0, by: 'silence' } });
  await assertReads(reader, PIECE, PIECE);
  assert.equal(server.asked[0]?.port, server.asked[1]?.port, 'the kept connection was used');
});

test('a server that goes silent is left for a new connection', async () => {
  await using reader = await open({ origins: { patience: 300 } });
  failThen({ after: { bytes: 100_000, by: 'silence' } });
  await assertReads(reader);
  const [, silent, resumed] = server.asked;
  assert.equal(resumed?.first, 100_000);
  assert.notEqual(resumed?.port, silent?.port);
});

test('a server that is slow is not taken for a silent one', async () => {
  await using reader = await open({ origins: { patience: 300 } });
  failThen({ slowly: 75 });
  await assertReads(reader);
  assert.equal(server.asked.length, 2);
});

test('a server that stays silent is named as the cause', async () => {
  await using reader = await open({ origins: { patience: 100 } });
  server.fault = () => ({ after: { bytes: 0, by: 'silence' } });
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-read-failed', /no byte came for 0.1 s/));
});

test('a server that is gone is unreachable', async () => {
  await using reader = await open();
  await server[Symbol.asyncDispose]();
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-unreachable', /nothing listens/));
  server = await startFaultServer(content);
});

test('a session that ends in the middle is renewed once for all lanes', async () => {
  let valid = 'old';
  const renewals: (HttpHeaders | undefined)[] = [];
  const headers = async (_: string, __: AbortSignal, refused?: HttpHeaders): Promise<HttpHeaders> => {
    renewals.push(refused);
    if (refused !== undefined) valid = 'new';
    return cookie(valid);
  };
  server.fault = ({ cookie: sent, number }) => (number > 9 && sent !== 'session=new' ? { status: 401 } : undefined);
  await using reader = await open({ headers, origins: { firstLanes: 8 } });
  await assertReadsAll(reader);
  assert.deepEqual(renewals, [undefined, cookie('old')]);
});

test('a session that is refused twice is a failed login, and 403 is a missing permission', async () => {
  for (const [status, code] of [
    [401, 'source-login-failed'],
    [403, 'source-forbidden'],
  ] as const) {
    server.fault = () => ({ status });
    let renewals = 0;
    const headers = async (): Promise<HttpHeaders> => {
      renewals += 1;
      return cookie(`secret${renewals}`);
    };
    await assert.rejects(open({ headers }), (error) => {
      codeOf(code)(error);
      assert.doesNotMatch(JSON.stringify(error) + String(error) + String((error as Error).stack), /secret/);
      return true;
    });
    assert.equal(renewals, 2);
  }
});

test('a login that fails while it is renewed is told to those who wait', async () => {
  await using reader = await open({
    headers: async (_, __, refused) => {
      if (refused !== undefined) throw new MigrationError('source-login-failed', 'The account is locked');
      return cookie('old');
    },
  });
  server.fault = () => ({ status: 401 });
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-login-failed', /locked/));
});

test('a server that asks for patience gets it, and fewer requests at once', async () => {
  await using reader = await open({ origins: { firstLanes: 8 } });
  assert.equal(reader.lanes, 8);
  const before = hurriedClock.now();
  failThen({ status: 503, headers: { 'retry-after': '3' } });
  await assertReads(reader, 0, PIECE);
  assert.ok(hurriedClock.now() - before >= 3_000);
  assert.equal(reader.lanes, 4);
});

test('a server that never has time again is named as the cause', async () => {
  await using reader = await open();
  for (const status of [429, 500, 502, 503, 504]) {
    server.fault = () => ({ status });
    await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-read-failed', new RegExp(`HTTP ${status}`)));
  }
});

test('a file that was changed while it was read is not read on', async () => {
  await using reader = await open();
  server.fault = () => ({ headers: { etag: '"another"' } });
  const asked = server.asked.length;
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-changed'));
  assert.equal(server.asked.length, asked + 1);
});

test('a file that is not the one that was probed is not opened', async () => {
  await (await open({ mark: ETAG }))[Symbol.asyncDispose]();
  await assert.rejects(open({ mark: '"another"' }), codeOf('source-changed'));
});

test('a redirect is not followed', async () => {
  server.fault = () => ({ status: 302, headers: { location: 'https://elsewhere.example/' } });
  await assert.rejects(open({ headers: async () => cookie('secret') }), codeOf('source-refused', /HTTP 302/));
  assert.equal(server.asked.length, 1);
});

test('a pinned certificate alone decides, and no header leaves for a server that has another', async () => {
  const { sha1, sha256 } = server.certificate.thumbprint;
  for (const thumbprint of [sha1, sha256, sha256.replaceAll(':', '').toLowerCase()]) {
    await (await open({ thumbprint }))[Symbol.asyncDispose]();
  }
  const asked = server.asked.length;
  await assert.rejects(open({ thumbprint: selfSigned().thumbprint.sha256 }), codeOf('source-untrusted', new RegExp(sha256)));
  assert.equal(server.asked.length, asked);
});

test('an unknown authority is not trusted, and asked only once', async () => {
  const source = rangeSource(server.url, content.length);
  const opened = openRange(source, accessTo({ trust: {} }), { signal: live(), clock: hurriedClock });
  await assert.rejects(opened, codeOf('source-untrusted', /signed by itself/));
});

test('a server never gets more requests at once than it may, however many disks are read', async () => {
  const origins = new Origins({ clock: hurriedClock, firstLanes: 2, mostLanes: 3 });
  const access = accessTo({ trust: { ca: server.certificate.certificate } });
  const options = { signal: live(), clock: hurriedClock, origins };
  await using one = await openRange(rangeSource(server.url, content.length), access, options);
  await using other = await openRange(rangeSource(server.url, content.length), access, options);
  assert.equal(one.lanes, 1);
  await Promise.all([assertReadsAll(one), assertReadsAll(other)]);
  assert.ok(server.mostAtOnce <= 3, `${server.mostAtOnce} at once`);
});

test('connections are used again, also after the server has closed them', async () => {
  await using reader = await open({ origins: { firstLanes: 1, mostLanes: 1 } });
  await assertReadsAll(reader);
  assert.equal(new Set(server.asked.map(({ port }) => port)).size, 1);
  failThen({ headers: { connection: 'close' } });
  await assertReadsAll(reader);
  assert.equal(new Set(server.asked.map(({ port }) => port)).size, 2);
});

test('that a kept connection has died meanwhile is no failed try, that a new one dies is', async () => {
  await using reader = await open({ attempts: 1 });
  failThen({ gone: true });
  await assertReads(reader, 0, PIECE);
  failThen({ gone: true }, { gone: true });
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), codeOf('source-read-failed', /cut .*after one try/));
});

test('a read that is canceled while it waits for a slow server ends at once', async () => {
  await using reader = await open();
  server.fault = () => ({ after: { bytes: 10, by: 'silence' } });
  const cancel = new AbortController();
  const reading = reader.read(0, new Uint8Array(PIECE), cancel.signal);
  while (server.asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
  cancel.abort();
  await assert.rejects(reading, codeOf('canceled'));
});

test('whatever goes wrong on the way, random extents are the bytes of the file', async () => {
  await using reader = await open({ origins: { firstLanes: 8, patience: 500 } });
  const next = seededWords(0xfa17);
  const trouble = (bytes: number): readonly Fault[] => [
    { after: { bytes, by: 'reset' } },
    { after: { bytes, by: 'end' } },
    { status: 503 },
    { status: 200, whole: true },
    { headers: { connection: 'close' } },
  ];
  server.fault = () => (next() % 4 === 0 ? trouble(next() % 200_000)[next() % 5] : undefined);
  const extents = fc.sample(fc.tuple(fc.nat(content.length - 1), fc.integer({ min: 1, max: 200_000 })), {
    seed: 0x5eed,
    numRuns: 60,
  });
  await Promise.all(extents.map(([offset, length]) => assertReads(reader, offset, Math.min(length, content.length - offset))));
});
