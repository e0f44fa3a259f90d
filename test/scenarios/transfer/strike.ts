/** Runs an attempt, here or in a process of its own, and strikes while it runs. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Asked } from '../../transfer/transports/range/fault-server.ts';
import { type Attempt, type Outcome, perform } from './attempt.ts';
import { FAULTS } from './faults.ts';
import type { FileServer } from './file-server.ts';
import type { Place } from './place.ts';
import type { Order } from './story.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
/** An abort has to be obeyed within a second; a machine with much to do gets another one. */
const OBEYED_MS = 2000;
/** Longer than any disk takes, with all tries and all patience. */
const ENDLESS_MS = 90_000;
/** Twice as long as a target fails that gets well by itself at most. */
const MOMENT_MS = 100;

export type End = Outcome | { readonly kind: 'killed' };

interface Scene {
  readonly place: Place;
  readonly server: FileServer | undefined;
}

interface Running {
  readonly end: Promise<End>;
  readonly pid: number;
  abort(): void;
  kill(): void;
}

export interface Struck {
  readonly end: End;
  readonly struck: ReadonlySet<Order>;
  /** Of the process that made the attempt. */
  readonly pid: number;
  /** Of the server. */
  readonly asked: readonly Asked[];
}

/** @throws AssertionError where an attempt hangs, or does not obey an abort */
export async function strikeWhile(attempt: Attempt, { place, server }: Scene, orders: readonly Order[]): Promise<Struck> {
  const struck = new Set<Order>();
  const acts = orders.filter(({ fault }) => FAULTS[fault].kind === 'act');
  const answers = orders.filter(({ fault }) => FAULTS[fault].kind === 'answers');
  await using clean = new AsyncDisposableStack();
  const over = new AbortController();
  clean.defer(() => over.abort());
  const running = await (orders.some(({ fault }) => fault === 'kill') ? inChild(attempt) : here(attempt));
  let aborted: number | undefined;
  const failing: Promise<void>[] = [];
  /** Until the attempt has failed, or for a moment only. */
  const failFor = async ({ place: part }: Order): Promise<void> => {
    await place.fail();
    if (part > 0.5) return;
    await pause(part * MOMENT_MS);
    await place.heal();
  };
  const act = (order: Order): void => {
    if (struck.has(order)) return;
    struck.add(order);
    if (order.fault === 'target fails') failing.push(failFor(order));
    if (order.fault === 'kill') running.kill();
    if (order.fault !== 'abort') return;
    aborted ??= Date.now();
    running.abort();
  };
  const due = (by: string, count: number): void => {
    for (const order of acts) if (order.moment.by === by && order.moment.count === count) act(order);
  };
  server?.arm(
    answers,
    (order) => struck.add(order),
    (count) => due('request', count),
  );
  const timers = acts.flatMap((order) =>
    order.moment.by === 'milliseconds' ? [setTimeout(act, order.moment.count, order)] : [],
  );
  clean.defer(() => timers.forEach(clearTimeout));
  let changes = 0;
  const journal = path.basename(place.journal);
  const watcher = watch(path.dirname(place.journal), (_, name) => {
    if (name !== journal) return;
    changes += 1;
    due('journal', changes);
  });
  clean.defer(() => watcher.close());
  const end = await Promise.race([running.end, pause(ENDLESS_MS, undefined, { signal: over.signal })]);
  if (end === undefined) running.abort();
  assert.ok(end !== undefined, `an attempt hangs; struck: ${[...struck].map(({ fault }) => fault).join(', ')}`);
  await clean.disposeAsync();
  await Promise.all(failing);
  if (aborted !== undefined) assert.ok(Date.now() - aborted < OBEYED_MS, `an abort took ${Date.now() - aborted} ms`);
  const asked = server?.asked ?? [];
  await server?.calm();
  return { end, struck, pid: running.pid, asked };
}

function here(attempt: Attempt): Running {
  const stop = new AbortController();
  return {
    end: perform(attempt, stop.signal),
    pid: process.pid,
    abort: () => stop.abort(),
    kill: () => assert.fail('This process is not to be killed'),
  };
}

async function inChild(attempt: Attempt): Promise<Running> {
  const child = fork(CHILD, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  await once(child, 'message');
  let outcome: Outcome | undefined;
  child.on('message', (message) => {
    outcome = message as Outcome;
  });
  child.send(attempt);
  const end = closed.then(([, signal]): End => {
    if (outcome !== undefined) return outcome;
    return signal === 'SIGKILL' ? { kind: 'killed' } : { kind: 'bug', message: `the process ended by itself: ${said}` };
  });
  return {
    end,
    pid: child.pid ?? 0,
    abort: () => void (child.connected && child.send('abort', () => undefined)),
    kill: () => void child.kill('SIGKILL'),
  };
}
