/** Who is let in, in which order, and what those who wait are told. No cluster and no VM: only the order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission, type Use, type Wish } from '../../src/operator/admission.ts';
import type { VmResource } from '../../src/operator/services.ts';
import { type Parents, VmTurn } from '../../src/operator/vm-turn.ts';

interface Asked {
  readonly id: string;
  readonly plan?: string;
  readonly priority?: number;
  readonly uses: readonly Use[];
}

class Door {
  readonly admission = new Admission();
  readonly begun: string[] = [];
  readonly told: string[] = [];

  ask({ id, plan = 'plan', priority = 0, uses }: Asked): void {
    const wish: Wish = {
      ...{ id, plan, priority, uses, what: 'vm' },
      begin: () => this.begun.push(id),
      wait: ({ text }) => this.told.push(`${id}: ${text}`),
    };
    this.admission.ask(wish);
  }
}

const host = (name: string, limit: number): Use => ({ name: `host ${name}`, label: `host ${name}`, things: 'transfers', limit });
const plan = (name: string, limit: number): Use => ({ name: `plan ${name}`, label: `plan ${name}`, things: 'VMs', limit });
const ofClass = (limit: number): Use => ({ name: 'class fast', label: 'class fast', things: 'transfers', limit });

test('who waits is told for what, when it comes and when the reason is another one, and not for each count', () => {
  const door = new Door();
  for (const id of ['1', '2', '3', '4']) door.ask({ id, uses: [plan('p', 3), host('esx-3', 2)] });
  assert.deepEqual(door.begun, ['1', '2']);
  assert.deepEqual(door.told, ['3: waiting for host esx-3: 2 of 2 transfers', '4: waiting for host esx-3: 2 of 2 transfers']);
  door.ask({ id: 'elsewhere', uses: [plan('p', 3), host('esx-4', 2)] });
  door.ask({ id: 'more', uses: [plan('p', 3), host('esx-4', 2)] });
  assert.deepEqual(door.told.slice(2), ['more: waiting for plan p: 3 of 3 VMs']);
  door.admission.leave('1');
  assert.deepEqual(door.begun, ['1', '2', 'elsewhere', '3']);
});

test('plans of the same priority take turns, however many VMs one of them has waiting and whoever came first', () => {
  const door = new Door();
  for (let index = 0; index < 50; index += 1) door.ask({ id: `a${index}`, plan: 'a', uses: [host('h', 1)] });
  for (let index = 0; index < 10; index += 1) door.admission.leave(door.begun.at(-1) ?? '');
  for (let index = 0; index < 5; index += 1) door.ask({ id: `b${index}`, plan: 'b', uses: [host('h', 1)] });
  for (let index = 0; index < 8; index += 1) door.admission.leave(door.begun.at(-1) ?? '');
  const latest = door.begun.slice(-8);
  const ofB = latest.filter((id) => id.startsWith('b')).length;
  assert.ok(ofB >= 3 && ofB <= 5, latest.join());
});

test('a plan of a higher priority goes first where a host is shared', () => {
  const door = new Door();
  for (const id of ['a1', 'a2', 'a3']) door.ask({ id, plan: 'a', uses: [host('h', 1)] });
  door.ask({ id: 'urgent', plan: 'b', priority: 1, uses: [host('h', 1)] });
  door.admission.leave('a1');
  assert.deepEqual(door.begun, ['a1', 'urgent']);
});

test('plans that mind other limits of one class count each other in', () => {
  const door = new Door();
  door.ask({ id: 'free', plan: 'a', uses: [ofClass(Number.POSITIVE_INFINITY)] });
  door.ask({ id: 'strict', plan: 'b', uses: [ofClass(1)] });
  door.ask({ id: 'mild', plan: 'c', uses: [ofClass(3)] });
  assert.deepEqual(door.begun, ['free', 'mild']);
  door.admission.leave('free');
  assert.deepEqual(door.begun, ['free', 'mild']);
  door.admission.leave('mild');
  assert.deepEqual(door.begun, ['free', 'mild', 'strict']);
});

test('what goes on already is counted, and parts of one end each by itself', () => {
  const door = new Door();
  door.admission.adopt({ id: 'old', what: 'transfer', plan: 'a', uses: [host('h', 2)] });
  door.ask({ id: 'vm', uses: [plan('p', 1), host('h', 2)] });
  door.admission.divide('vm', [
    { id: 'vm', what: 'vm', uses: [plan('p', 1)] },
    { id: 'vm/disk', what: 'transfer', uses: [host('h', 2)] },
  ]);
  door.ask({ id: 'next', uses: [host('h', 2)] });
  assert.deepEqual(door.begun, ['vm']);
  door.admission.leave('vm/disk');
  assert.deepEqual(door.begun, ['vm', 'next']);
  door.ask({ id: 'late', uses: [plan('p', 1)] });
  door.admission.withdraw('late');
  door.admission.leave('vm');
  assert.deepEqual(door.begun, ['vm', 'next']);
});

test('a decision costs the same whether a hundred or twenty thousand VMs wait', () => {
  /** Milliseconds for so many VMs to end and the next ones to begin; the best of three. */
  const decide = (waiting: number): number => {
    const door = new Door();
    for (let index = 0; index < waiting; index += 1) {
      const uses = [plan(`${index % 5}`, 4), host(`${index % 16}`, 2)];
      door.ask({ id: `${index}`, plan: `${index % 5}`, uses });
    }
    let ended = 0;
    const round = (): number => {
      const began = performance.now();
      for (const end = ended + 20; ended < end; ended += 1) door.admission.leave(door.begun[ended] ?? '');
      return performance.now() - began;
    };
    return Math.min(round(), round(), round());
  };
  decide(1000);
  const [few, many] = [decide(100), decide(20_000)];
  // Two hundred times as many wait: a walk over them would be seen on any machine.
  assert.ok(many < Math.max(few, 0.2) * 25, `${few} ms and ${many} ms`);
});

test('a place for a worker that stands by is kept only where there is one at once, and counts until its copy has ended', async () => {
  const admission = new Admission();
  const parents = {
    plan: { uid: 'p', name: 'p', spec: { limits: { vms: 2, transfers: 3 } } },
    provider: { name: 'source', namespace: 'n', spec: { url: 'vsphere://host' } },
    nodes: undefined,
  } as unknown as Parents;
  const turnOf = (uid: string): VmTurn => {
    const disks = ['0', '1'].map((disk) => ({ disk, stage: 'complete' }));
    const vm = { uid, status: { phase: 'AwaitPrecopy', warm: {}, disks } } as unknown as VmResource;
    return new VmTurn({ admission, vm, parents, urgent: false, wait: () => undefined });
  };
  const [web, db] = [turnOf('web'), turnOf('db')];
  for (const turn of [web, db]) turn.ask(() => undefined);
  const [ofWeb, ofDb] = [web.transfers(() => undefined), db.transfers(() => undefined)];
  // Each came with a place for its first disk; for the second ones there is one left.
  assert.deepEqual([ofWeb.reserve?.('web/0'), ofWeb.reserve?.('web/1')], [true, true]);
  assert.deepEqual([ofDb.reserve?.('db/0'), ofDb.reserve?.('db/1')], [true, false]);
  const copied: string[] = [];
  const { signal } = new AbortController();
  const last = ofDb.submit('db/1', () => Promise.resolve(copied.push('db/1')), signal);
  await ofWeb.submit('web/1', () => Promise.resolve(copied.push('web/1')), signal);
  await last;
  assert.deepEqual(copied, ['web/1', 'db/1']);
  assert.equal(ofDb.reserve?.('db/1'), true);
  db.leave();
  assert.equal(ofWeb.reserve?.('web/1'), true, 'what was kept goes with its VM');
});
