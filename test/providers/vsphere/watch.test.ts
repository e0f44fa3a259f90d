import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InventoryEvent } from '../../../src/contracts/provider.ts';
import { live, simulate } from './simulator.ts';

test('a watched inventory tells every VM once, then only what changes', async (t) => {
  const { server, connection } = await simulate(t);
  assert.ok(connection.watch);
  const stop = new AbortController();
  const events = connection.watch(stop.signal)[Symbol.asyncIterator]();
  async function next(): Promise<InventoryEvent> {
    const { value, done } = await events.next();
    assert.notEqual(done, true);
    return value;
  }
  const names = new Set<string>();
  for (let event = await next(); event.kind !== 'current'; event = await next()) {
    assert.ok(event.kind === 'vm');
    names.add(event.vm.name);
  }
  assert.equal(names.size, 4);

  await t.test('a VM that is powered off is told with its new state, and no other', async () => {
    const told = next();
    await server.govc(['vm.power', '-off', '/DC0/vm/DC0_H0_VM0'], live());
    const event = await told;
    assert.ok(event.kind === 'vm');
    assert.deepEqual([event.vm.name, event.vm.power], ['DC0_H0_VM0', 'off']);
    assert.equal((await next()).kind, 'current');
  });

  await t.test('a VM that is destroyed is told as gone', async () => {
    const told = next();
    await server.govc(['vm.destroy', '/DC0/vm/DC0_H0_VM0'], live());
    let event = await told;
    while (event.kind !== 'gone') event = await next();
    assert.match(event.id, /^vm-/);
  });

  await t.test('it ends when the signal aborts', async () => {
    const last = (async () => {
      for (let result = await events.next(); !result.done; result = await events.next());
    })();
    stop.abort();
    await last;
  });
});
