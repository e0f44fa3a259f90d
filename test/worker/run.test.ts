/** What a worker says in the end, and with which exit code, so that its Job understands it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { WorkerEnd } from '../../src/contracts/worker-order.ts';
import type { GuestOutcome } from '../../src/model/conversion.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { TransferProgress } from '../../src/model/transfer.ts';
import { packed } from '../../src/worker/convert.ts';
import { lastWord, run } from '../../src/worker/run.ts';
import type { Services } from '../../src/worker/services.ts';
import { randomWords } from '../demo/guest/disk.ts';

const ORDER = { kind: 'transfer', job: { id: 'web/scsi0:0', target: { kind: 'block-device' } } };

interface Told {
  readonly lines: string[];
  readonly words: string[];
  now: number;
}

function services(
  copy: (tell: (progress: TransferProgress) => void, signal: AbortSignal) => Promise<unknown>,
  told: Told,
): Services {
  return {
    clock: { now: () => told.now, sleep: () => Promise.resolve() },
    log: { info: () => undefined, error: () => undefined },
    copier: () => ({
      preflight: () => Promise.resolve({ needed: 0 }),
      copy: (_job: unknown, options: { onProgress: (progress: TransferProgress) => void; signal: AbortSignal }) =>
        copy(options.onProgress, options.signal),
    }),
    read: (path: string) => Promise.resolve(path.endsWith('order.json') ? JSON.stringify(ORDER) : undefined),
    tell: (line: string) => void told.lines.push(line),
    lastWord: (text: string) => Promise.resolve(void told.words.push(text)),
  } as unknown as Services;
}

const nothing = (): Told => ({ lines: [], words: [], now: 0 });
const NEVER = new AbortController().signal;

test('a result is the last word, and figures are told now and then', async () => {
  const told = nothing();
  const progress = (done: number): TransferProgress => ({ job: ORDER.job.id, stage: 'copy', done, total: 9 });
  const copy = (tell: (progress: TransferProgress) => void): Promise<unknown> => {
    for (let done = 0; done <= 9; done += 1) {
      tell(progress(done));
      told.now += 500;
    }
    return Promise.resolve({ job: ORDER.job.id, moved: 9 });
  };
  assert.equal(await run(services(copy, told), NEVER), 0);
  assert.deepEqual(
    told.words.map((word) => JSON.parse(word)),
    [{ result: { job: ORDER.job.id, moved: 9 } }],
  );
  assert.deepEqual(
    told.lines.map((line) => JSON.parse(line)),
    [progress(0), progress(4), progress(8)],
  );
});

test('a failure says code, message and hint; the exit code says whether trying again helps', async () => {
  for (const [code, exit] of [
    ['image-malformed', 2],
    ['source-unreachable', 3],
  ] as const) {
    const told = nothing();
    const failure = { code, message: 'No.', hint: 'Mend it.' };
    const copy = (): Promise<never> => Promise.reject(new MigrationError(code, 'No.', { hint: 'Mend it.' }));
    assert.equal(await run(services(copy, told), NEVER), exit);
    assert.deepEqual(
      told.words.map((word) => JSON.parse(word)),
      [{ failure }],
    );
  }
});

/** Carries out the orders that are there one after the other, at each look another one, the last one for good. */
async function carriedOut(orders: readonly object[], told: Told): Promise<unknown> {
  let looks = 0;
  const copy = (): Promise<unknown> => Promise.resolve({ job: ORDER.job.id, moved: 7 });
  const sleep = async (ms: number): Promise<void> => {
    told.now += ms;
  };
  const parts = {
    ...services(copy, told),
    clock: { now: () => told.now, sleep },
    read: () => Promise.resolve(JSON.stringify(orders[Math.min(looks++, orders.length - 1)])),
  } as unknown as Services;
  assert.equal(await run(parts, NEVER), 0);
  return JSON.parse(told.words[0] ?? '');
}

test('one that stands by carries out the order that comes, and ends by itself when none comes in its time', async () => {
  const standBy = { kind: 'stand-by', seconds: 30 };
  assert.deepEqual(await carriedOut([standBy, standBy, ORDER], nothing()), { result: { job: ORDER.job.id, moved: 7 } });
  const told = nothing();
  assert.deepEqual(await carriedOut([standBy], told), { result: { unused: true } });
  assert.equal(told.now, 30_000);
});

test('who is asked to end says nothing, and is no failure', async () => {
  const told = nothing();
  const stop = new AbortController();
  const copy = (_tell: unknown, signal: AbortSignal): Promise<never> => {
    stop.abort();
    return Promise.reject(signal.reason);
  };
  assert.equal(await run(services(copy, told), stop.signal), 143);
  assert.deepEqual(told.words, []);
});

test('a file is fetched with the trust of its Secret, and with what the order says of it', async () => {
  const secret: Readonly<Record<string, string>> = { user: 'me\n', password: 'secret', thumbprint: 'ab:cd' };
  for (const [fetch, trust] of [
    [{ url: 'https://files/a.ova' }, { thumbprint: 'ab:cd' }],
    [
      { url: 'https://files/a.ova', insecure: true },
      { thumbprint: 'ab:cd', insecure: true },
    ],
  ] as const) {
    const fetched: unknown[] = [];
    const order = { kind: 'images', record: {}, path: '/source/a.ova', fetch };
    const parts = {
      ...services(() => Promise.reject(new Error('nothing is copied')), nothing()),
      read: (path: string) =>
        Promise.resolve(path.endsWith('order.json') ? JSON.stringify(order) : secret[path.split('/').at(-1) ?? '']),
      record: () => Promise.resolve({ keep: () => Promise.resolve() }),
      fetch: (_file: unknown, { onProgress: _, signal: __, ...options }: Record<string, unknown>) =>
        Promise.resolve(void fetched.push(options)),
      connect: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() }),
    } as unknown as Services;
    assert.equal(await run(parts, NEVER), 0);
    assert.deepEqual(fetched, [{ path: '/source/a.ova', trust, credentials: { user: 'me', password: 'secret' } }]);
  }
});

test('a source is logged in to as the order and the Secret say', async () => {
  const secret: Readonly<Record<string, string>> = {
    'tls.crt': 'cert',
    'tls.key': 'key',
    'share-user': 'me',
    'share-password': 'hush',
  };
  const server = { url: 'hyperv://hv1', insecure: false, transport: 'auto', loginMethod: 'certificate' };
  const opened: [string, Record<string, unknown>][] = [];
  const parts = (texts: Readonly<Record<string, string>>): Services =>
    ({
      ...services(() => Promise.resolve({ job: ORDER.job.id }), nothing()),
      read: (path: string) =>
        Promise.resolve(path.endsWith('order.json') ? JSON.stringify({ ...ORDER, server }) : texts[path.split('/').at(-1) ?? '']),
      connect: (url: string, options: Record<string, unknown>) => {
        opened.push([url, options]);
        return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() });
      },
    }) as unknown as Services;
  assert.equal(await run(parts(secret), NEVER), 0);
  const [url, { signal: _, shareCredentials, ...options }] = opened[0] ?? ['', {}];
  assert.equal(url, 'hyperv://hv1');
  assert.deepEqual(options, { trust: {}, loginMethod: 'certificate', clientCertificate: { certificate: 'cert', key: 'key' } });
  assert.deepEqual(await (shareCredentials as () => Promise<unknown>)(), { user: 'me', password: 'hush' });
  assert.equal(await run(parts({ user: 'me' }), NEVER), 2);
  assert.equal(opened.length, 1);
});

test('a disk that was moved earlier is read where it is mounted, and the verdict is the last word', async () => {
  const proof = { algorithm: 'sha256', blockSize: 65536, root: 'aa', size: 100, allocated: 100 };
  const disk = { id: 'web/scsi0:0', vm: 'web', disk: 'scsi0:0', path: '/disk/disk.img', result: { proof } };
  for (const [found, root, outcome] of [
    [{ size: 100, device: false }, 'aa', 'ok'],
    [{ size: 128, device: true }, 'aa', 'ok'],
    [{ size: 100, device: false }, 'bb', 'differs'],
    [{ size: 99, device: false }, 'aa', 'differs'],
    [undefined, 'aa', 'missing'],
  ] as const) {
    const told = nothing();
    const read: string[] = [];
    const parts = {
      ...services(() => Promise.reject(new Error('nothing is copied')), told),
      read: () => Promise.resolve(JSON.stringify({ kind: 'verify', disk })),
      hasher: () => ({
        blockSize: 65536,
        look: (path: string) => Promise.resolve(path === disk.path ? found : undefined),
        rootOf: ({ path, size }: { readonly path: string; readonly size: number }) => {
          read.push(`${path} ${size}`);
          return Promise.resolve(root);
        },
      }),
    };
    assert.equal(await run(parts, NEVER), 0, 'a verdict is no failure of the worker');
    assert.equal(JSON.parse(told.words.join()).result.outcome, outcome);
    assert.deepEqual(read, found === undefined || found.size < 100 ? [] : [`${disk.path} 100`]);
  }
});

test('a guest is converted on the mounted disks with the mounted keys, and what was done is told in full', async () => {
  const told = nothing();
  const request = { vm: 'web', copy: 'today', disks: [{ key: 'a', path: '/disks/0/disk.img' }], firmware: 'bios', nics: [] };
  const order = { kind: 'convert', request, policy: 'convert', accelerator: 'tcg' };
  const outcome: GuestOutcome = {
    ...{ policy: 'convert', copy: 'today', accelerator: 'tcg', guest: 'Debian', warnings: ['Be careful.'], seconds: [] },
    changes: Array.from({ length: 40 }, (_, index) => ({
      ...{ subject: 'network', what: `NIC number ${index} keeps its name and its address.`, file: `/etc/network/${index}` },
    })),
    disks: [{ disk: 'a', changed: 65_536, root: 'f'.repeat(64) }],
  };
  const asked: unknown[] = [];
  const parts = {
    ...services(() => Promise.reject(new Error('nothing is copied')), told),
    log: { info: () => undefined, warn: () => undefined },
    read: () => Promise.resolve(JSON.stringify(order)),
    convertGuest: (...[about, policy, options]: Parameters<Services['convertGuest']>) => {
      const { onProgress, signal: _, ...rest } = options;
      asked.push(about, policy, rest);
      onProgress?.({ phase: 'convert', text: 'Picking a kernel' });
      return Promise.resolve(outcome);
    },
  } as unknown as Services;
  assert.equal(await run(parts, NEVER), 0);
  assert.deepEqual(asked, [
    request,
    'convert',
    { workspace: '/conversion/e0f4f767ac88a930', keys: '/kubeferry/keys', accelerator: 'tcg' },
  ]);
  assert.deepEqual(told.lines, ['{"guest":"Picking a kernel"}']);
  assert.ok(Buffer.byteLength(told.words.join()) <= 4096);
  assert.deepEqual(unpacked(JSON.parse(told.words.join()).result.outcome), outcome);
});

test('more than a last word has room for is cut, and says so', () => {
  const words = randomWords(3);
  const changes = Array.from({ length: 400 }, () => ({ subject: 'system' as const, what: `${words()} ${words()} ${words()}` }));
  const text = packed({ policy: 'convert', copy: 'today', accelerator: 'kvm', changes, warnings: [], seconds: [], disks: [] });
  assert.ok(text.length <= 3800);
  const told = unpacked(text);
  const kept = told.changes.length - 1;
  assert.ok(kept > 20, `${kept} changes`);
  assert.deepEqual(told.changes.slice(0, kept), changes.slice(0, kept));
  assert.match(told.changes.at(-1)?.what ?? '', new RegExp(`^And ${400 - kept} more`));
});

function unpacked(text: string): GuestOutcome {
  return JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString());
}

test('a last word is JSON of 4096 bytes at most, whatever there is to say', () => {
  const long = 'ü"\n'.repeat(5000);
  const text = lastWord({ failure: { code: 'source-refused', message: long, hint: long } });
  assert.ok(Buffer.byteLength(text) <= 4096);
  const end: WorkerEnd = JSON.parse(text);
  assert.ok('failure' in end);
  assert.equal(end.failure.code, 'source-refused');
  assert.ok(end.failure.message.length > 200 && long.startsWith(end.failure.message.slice(0, -1)));
});
