import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScriptFailed } from '../../../providers/hyperv/scripts/answer.ts';
import type { Host } from '../../../providers/hyperv/scripts/host-answer.ts';
import { type Answering, hostFacts, scripted } from './scripted.ts';
import { live } from './simulated.ts';

const VM = { id: '0f3c1f7e-8f0a-4a55-9d7f-0d2f3c6a1b42', name: 'web' };

function clustered(owner: string): Partial<Host> {
  const nodes = ['HV1', 'HV2'].map((name) => ({ name, fqdn: `${name.toLowerCase()}.corp`, state: 'Up' as const }));
  return { cluster: { name: 'CL1', readable: true, nodes, roles: [{ vm: VM.id, group: VM.name, owner }] } };
}

function elsewhere(code: 'vm-elsewhere' | 'vm-not-found'): never {
  throw new ScriptFailed({ failed: { code, message: 'not here' } });
}

test('the name of a cluster leads to whichever node holds it; shares are asked of the node itself', async () => {
  let holder = 'HV1';
  const answer: Answering = (name) => (name === 'host' ? hostFacts(holder, clustered('HV1')) : { state: holder });
  const node: Answering = (name) => (name === 'host' ? hostFacts('HV1') : { state: 'the node' });
  const { hosts, whereabouts, opened } = await scripted({ 'cl1.corp': answer, 'hv1.corp': node }, 'cl1.corp');
  assert.equal(hosts.node('hv1')?.address, 'hv1.corp');
  const state = async () => (await whereabouts.run(VM, 'power', { vm: VM.id, action: 'state' }, live())).answer.state;
  assert.equal(await state(), 'HV1');
  holder = 'HV2';
  await hosts.refresh(live());
  assert.equal(await state(), 'the node', 'the other way to HV1 is taken, now that the name leads to HV2');
  assert.deepEqual(opened, ['cl1.corp', 'hv1.corp']);
});

test('a node that could not be reached is tried again, and whoever gives up does not take others along', async () => {
  const table: Record<string, Answering> = {
    hv1: (name) => (name === 'host' ? hostFacts('HV1', clustered('HV2')) : elsewhere('vm-elsewhere')),
  };
  const { hosts } = await scripted(table, 'hv1');
  await assert.rejects(hosts.remote('HV2', live()), { code: 'source-unreachable' });
  table['hv2.corp'] = (name) => (name === 'host' ? hostFacts('HV2') : { state: 'Off' });
  const gone = new AbortController();
  const patient = hosts.remote('HV2', live());
  const impatient = hosts.remote('HV2', gone.signal);
  gone.abort();
  await assert.rejects(impatient, { name: 'AbortError' });
  assert.equal((await patient).host, 'hv2.corp');
});

test('a VM that keeps moving is busy, and one that nobody has is not found', async () => {
  let asked = 0;
  const never =
    (code: 'vm-elsewhere' | 'vm-not-found'): Answering =>
    (name) => {
      if (name === 'host') return hostFacts('HV1', clustered(asked % 2 === 0 ? 'HV1' : 'HV2'));
      asked += 1;
      return elsewhere(code);
    };
  for (const [code, expected] of [
    ['vm-elsewhere', 'source-busy'],
    ['vm-not-found', 'vm-not-found'],
  ] as const) {
    asked = 0;
    const { whereabouts } = await scripted({ hv1: never(code), 'hv2.corp': never(code) }, 'hv1');
    await assert.rejects(whereabouts.run(VM, 'disks', { vm: VM.id }, live()), { code: expected });
    assert.equal(asked, 3);
  }
});

test('a host that another node has taken a VM from, and that may not ask the cluster, says which URL to take', async () => {
  const facts = hostFacts('HV1', { cluster: { name: 'CL1', readable: false, nodes: [], roles: [] } });
  const { hosts, whereabouts } = await scripted({ hv1: (name) => (name === 'host' ? facts : elsewhere('vm-elsewhere')) }, 'hv1');
  assert.deepEqual([hosts.cluster, hosts.nodes.map(({ name }) => name)], [undefined, ['HV1']]);
  await assert.rejects(whereabouts.run(VM, 'disks', { vm: VM.id }, live()), {
    code: 'source-busy',
    hint: /name that node in the URL/,
  });
});
