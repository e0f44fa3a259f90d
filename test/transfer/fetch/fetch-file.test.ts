/** Files behind HTTPS, from nginx and from servers that behave badly, onto this machine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type FetchOptions, fetchFile } from '../../../src/transfer/fetch/fetch-file.ts';
import { randomWords } from '../../demo/guest/disk.ts';
import { selfSigned } from '../../peers/certificate.ts';
import { type Nginx, startNginx } from '../../peers/nginx.ts';

const CONTENT = Buffer.alloc(3 * 1024 * 1024);
const next = randomWords(3);
for (let at = 0; at < CONTENT.length; at += 4) CONTENT.writeUInt32LE(next(), at);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
/** Waits are over at once. */
const CLOCK = { now: () => Date.now(), sleep: () => Promise.resolve() };

let root: string;
let nginx: Nginx;
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'kubeferry-fetch-'));
  await writeFile(path.join(root, 'guest.ova'), CONTENT);
  nginx = await startNginx({ root });
});
after(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

let targets = 0;
function target(): string {
  targets += 1;
  return path.join(root, `target-${targets}`, 'guest.ova');
}

async function fetchTo(
  file: string,
  url: string,
  options: Partial<FetchOptions> & { readonly sha256?: string } = {},
): Promise<void> {
  const { sha256, ...rest } = options;
  const trust = { ca: nginx.certificate.certificate };
  const common = { clock: CLOCK, path: file, trust, onProgress: () => undefined, signal: AbortSignal.timeout(20_000) };
  await fetchFile({ url, ...(sha256 !== undefined && { sha256 }) }, { ...common, ...rest });
}

const code = (expected: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === expected;

test('a file comes whole, and is not fetched a second time', async () => {
  const file = target();
  const seen: number[] = [];
  await fetchTo(file, `${nginx.origin}/guest.ova`, { sha256: SHA256, onProgress: (done) => seen.push(done) });
  assert.ok((await readFile(file)).equals(CONTENT));
  assert.equal(seen.at(-1), CONTENT.length);
  seen.length = 0;
  await fetchTo(file, `${nginx.origin}/guest.ova`, { onProgress: (done) => seen.push(done) });
  assert.deepEqual(seen, []);
});

test('a half file is gone on with, and not trusted when the server has another one by now', async () => {
  const file = target();
  const url = `${nginx.origin}/guest.ova`;
  const stop = new AbortController();
  const first = fetchTo(file, url, { onProgress: (done) => done > 64 * 1024 && stop.abort(), signal: stop.signal });
  await assert.rejects(first);
  const half = (await stat(`${file}.partial`)).size;
  assert.ok(half > 0 && half < CONTENT.length);
  let begun: number | undefined;
  await fetchTo(file, url, { sha256: SHA256, onProgress: (done) => (begun ??= done) });
  assert.ok((begun ?? 0) > half, 'it began where the first one stopped');

  const other = target();
  const again = new AbortController();
  await assert.rejects(fetchTo(other, url, { onProgress: (done) => done > 64 * 1024 && again.abort(), signal: again.signal }));
  await utimes(path.join(root, 'guest.ova'), new Date(), new Date(Date.now() + 60_000));
  await fetchTo(other, url, { sha256: SHA256 });
  assert.ok((await readFile(other)).equals(CONTENT));
});

test('another file than the one that was meant is refused and removed', async () => {
  const file = target();
  await assert.rejects(fetchTo(file, `${nginx.origin}/guest.ova`, { sha256: '0'.repeat(64) }), code('package-digest-mismatch'));
  await assert.rejects(stat(file));
  await assert.rejects(stat(`${file}.partial`));
});

test('a file that somebody else put there is left alone', async () => {
  const file = path.join(root, 'guest.ova');
  await assert.rejects(fetchTo(file, `${nginx.origin}/guest.ova`), code('target-occupied'));
});

test('what is missing, not to be trusted or not encrypted says so', async () => {
  await assert.rejects(fetchTo(target(), `${nginx.origin}/none.ova`), code('source-not-found'));
  await assert.rejects(fetchTo(target(), `${nginx.origin}/guest.ova`, { trust: {} }), code('source-untrusted'));
  await assert.rejects(fetchTo(target(), 'http://127.0.0.1/guest.ova'), code('source-refused'));
});

/** A server of one's own. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const { certificate: cert, key } = selfSigned();
  const server = createServer({ cert, key }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trust: { ca: cert },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a server that cuts the line again and again is asked for the rest each time', async () => {
  const asked: (string | undefined)[] = [];
  await using server = await serve((request, response) => {
    asked.push(request.headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const etag = { etag: '"one"', 'content-length': CONTENT.length - from };
    const range = { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
    response.writeHead(from === 0 ? 200 : 206, from === 0 ? etag : { ...etag, ...range });
    response.write(CONTENT.subarray(from, from + 400_000), () => response.destroy());
  });
  const file = target();
  await fetchTo(file, `${server.origin}/guest.ova`, { trust: server.trust, sha256: SHA256 });
  assert.ok((await readFile(file)).equals(CONTENT));
  assert.ok(asked.length >= 8, 'more often than a file that never comes on is tried');
});

test('the login is sent to its own server and not to one that it names', async () => {
  const logins: (string | undefined)[] = [];
  await using other = await serve((request, response) => {
    logins.push(request.headers.authorization);
    response.writeHead(200, { 'content-length': 2 }).end('ok');
  });
  await using server = await serve((request, response) => {
    logins.push(request.headers.authorization);
    response.writeHead(302, { location: `${other.origin}/there` }).end();
  });
  const file = target();
  await fetchTo(file, `${server.origin}/guest.ova`, {
    trust: { insecure: true },
    credentials: { user: 'me', password: 'secret' },
  });
  assert.equal(await readFile(file, 'utf8'), 'ok');
  assert.deepEqual(logins, [`Basic ${Buffer.from('me:secret').toString('base64')}`, undefined]);
});

test('a file that never comes on is given up', async () => {
  let asked = 0;
  await using server = await serve((_, response) => {
    asked += 1;
    response.writeHead(503).end();
  });
  await assert.rejects(fetchTo(target(), `${server.origin}/guest.ova`, { trust: server.trust }), code('source-read-failed'));
  assert.equal(asked, 8);
});
