/**
 * A migration's calls to a vCenter in bad weather: inventory, two snapshots, what changed between them, their removal. In every run one to
 * three faults strike at points that the seed chooses; every other caller tries again where the error says that this helps, the rest give
 * up. A run ends complete and correct, or with a MigrationError that names what struck; nothing is left that its caller does not know of.
 * `npm run test:soak` runs 500; `KUBEFERRY_SEED=17` begins with that seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { randomWords } from '../demo/guest/disk.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { live } from '../providers/vsphere/simulator.ts';
import { connectImpatiently, migrationCalls, type Scene, strike, WEATHERS } from './vsphere/bad-weather.ts';

const RUNS = Number(process.env['KUBEFERRY_SOAK'] ?? 25);
const FIRST_SEED = Number(process.env['KUBEFERRY_SEED'] ?? 1);
const VM = 'DC0_H0_VM0';
/** Characters of a failure; the rest of a difference helps nobody. */
const MOST_SAID = 600;
const MiB = 1024 * 1024;

async function startScene(): Promise<{ readonly server: Vcenter; readonly scene: Scene; readonly requests: number }> {
  const slow = { CreateSnapshot_Task: 20, RemoveSnapshot_Task: 20 };
  const server = await startVcenter({ vms: 1, model: { host: 1, clusterHost: 1 }, areasPerAnswer: 3, slow });
  const guest = await server.guest(VM, { tracked: true, capacity: 4 * MiB });
  const vms: readonly SourceVm[] = await (async () => {
    await using connection = await connectImpatiently(server);
    return await Array.fromAsync(connection.vms(live()));
  })();
  const scene: Scene = { server, guest, vm: { id: guest.vm, name: VM }, vms };
  const before = server.ledger.requests.length;
  await migrationCalls(scene, { names: ['fair-a', 'fair-b'], record: new Map(), patient: false });
  const requests = server.ledger.requests.slice(before).filter((request) => !/Log(in|out)$|session$/.test(request)).length;
  return { server, scene, requests };
}

test('a vCenter in bad weather gets the right answer or a named error, and keeps nothing', { timeout: 600_000 }, async (t) => {
  const { server, scene, requests } = await startScene();
  t.after(async () => await server[Symbol.asyncDispose]());
  const tally = new Map<string, number>();
  const failures: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
    const names = [`run-${seed}-a`, `run-${seed}-b`] as const;
    const record = new Map<string, string>();
    let outcome = 'wrong';
    try {
      outcome = await oneRun(scene, { seed, requests, names, record });
      if (outcome !== 'complete') await tidy(scene, { names, record });
    } catch (error) {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.message.slice(0, MOST_SAID) : String(error)}`);
      await tidy(scene, { names, record });
    }
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
  }
  t.diagnostic(`${RUNS} runs, ${server.ledger.struck.length} faults struck: ${JSON.stringify(Object.fromEntries(tally))}`);
  assert.deepEqual(failures, []);
  // A few runs chosen by hand prove nothing about the mixture.
  if (RUNS < 20) return;
  assert.ok((tally.get('complete') ?? 0) >= RUNS / 4 && tally.size > 1, 'the weather is too bad or too fair to show anything');
});

interface Run {
  readonly seed: number;
  /** That fair weather takes, without those about the session. */
  readonly requests: number;
  readonly names: readonly [string, string];
  readonly record: Map<string, string>;
}

/** How the run ended: `complete`, or the code of its error. @throws AssertionError where something is wrong or left behind */
async function oneRun(scene: Scene, { seed, requests, names, record }: Run): Promise<string> {
  const { server } = scene;
  const { ledger } = server;
  const struckBefore = ledger.struck.length;
  const ordered = strike(server, { next: randomWords(seed), requests });
  let end = 'complete';
  try {
    await migrationCalls(scene, { names, record, patient: seed % 2 === 1 });
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const causes = [...ordered].map((name) => WEATHERS.find((weather) => weather.name === name)?.blamed ?? /^$/);
    const said = `${error.code}: ${error.message}`;
    const what = ledger.struck.slice(struckBefore).map(({ fault, request }) => `${fault.kind} at ${request.operation}`);
    assert.ok(
      causes.some((cause) => cause.test(said)),
      `"${said}" names none of: ${[...ordered].join(', ')} (struck: ${what.join(', ')})`,
    );
    end = error.code;
  } finally {
    server.clearFaults();
  }
  assert.deepEqual(ledger.openSessions, [], 'sessions are left');
  assert.deepEqual(ledger.openLeases, [], 'leases are left');
  const left = ledger.openSnapshots.map(({ name }) => name);
  assert.equal(new Set(left).size, left.length, `a snapshot was made twice: ${left.join(', ')}`);
  if (end === 'complete') assert.deepEqual(left, [], 'a complete run left a snapshot');
  return end;
}

/** What a caller does who finds names, and ids where they were told, in his record. */
async function tidy({ server, vm }: Scene, { names, record }: Pick<Run, 'names' | 'record'>): Promise<void> {
  await using calm = await connectImpatiently(server);
  for (const name of names) {
    // A removal under way is no longer found by name; removing by id waits for its end.
    const id = (await calm.snapshots.find(vm, name, live()))?.id ?? record.get(name);
    if (id !== undefined) await calm.snapshots.remove(vm, id, live());
  }
  assert.deepEqual(server.ledger.openSnapshots, [], 'the record does not suffice to tidy up');
}

test('a session is closed although its login or logout was spoiled', async (t) => {
  const server = await startVcenter({ vms: 1, clusters: 0 });
  t.after(async () => await server[Symbol.asyncDispose]());
  for (const kind of ['truncate', 'stall'] as const) {
    server.script({ match: ({ operation }) => operation === 'Login', fault: { kind } });
    await assert.rejects(connectImpatiently(server), MigrationError);
    assert.deepEqual(server.ledger.openSessions, [], kind);
    server.clearFaults();
  }
  const connection = await connectImpatiently(server);
  await Array.fromAsync(connection.vms(live()));
  server.script({ match: ({ operation }) => operation === 'Logout', fault: { kind: 'reset' } });
  await connection[Symbol.asyncDispose]();
  assert.deepEqual(server.ledger.openSessions, []);
});
