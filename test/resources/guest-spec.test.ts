/** What a plan says of guests is what prepare() is told, and the other way round. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestTerms } from '../../src/model/guest-terms.ts';
import { GuestSpec, guestSpecOf, guestTermsOf } from '../../src/resources/guest-spec.ts';

test('where nothing is said guests are converted and have to be seen to boot', () => {
  const terms: GuestTerms = { others: { conversion: { policy: 'convert' }, proof: { probes: [] } }, byVm: new Map() };
  assert.deepEqual(guestTermsOf(undefined), terms);
  assert.deepEqual(guestTermsOf(GuestSpec.parse({})), terms);
  assert.equal(guestSpecOf(terms), undefined);
});

test('nobody looks into a guest of policy none, and nothing has to be seen of it', () => {
  const spec = { policy: 'none', keysSecret: { name: 'luks' }, proof: { type: 'boot' } };
  assert.deepEqual(guestTermsOf(GuestSpec.parse(spec)).others, { conversion: { policy: 'none' } });
});

test('an exception says what is different, and leaves the rest', () => {
  const spec = GuestSpec.parse({
    keysSecret: { name: 'luks' },
    virtioWin: { claim: 'drivers', path: 'virtio-win.iso' },
    proof: { deadlineSeconds: 90, probes: [{ tcp: { port: 22 } }] },
    exceptions: [
      { vms: ['web', 'vm-7'], root: '/dev/sdb2' },
      { vms: ['old'], policy: 'compatibility', proof: { type: 'none' } },
    ],
  });
  const { others, byVm } = guestTermsOf(spec);
  const proof = { probes: [{ kind: 'tcp', port: 22 }], deadlineSeconds: 90 };
  const conversion = { policy: 'convert', keys: 'luks', virtioWin: 'drivers/virtio-win.iso' };
  assert.deepEqual(others, { conversion, proof });
  assert.deepEqual(byVm.get('vm-7'), { conversion: { ...conversion, root: '/dev/sdb2' }, proof });
  assert.deepEqual(byVm.get('web'), byVm.get('vm-7'));
  assert.deepEqual(byVm.get('old'), { conversion: { policy: 'compatibility' } });
});

test('a VM is in one exception at most', () => {
  const spec = GuestSpec.parse({ exceptions: [{ vms: ['a'] }, { vms: ['b', 'a'], policy: 'skip' }] });
  assert.throws(() => guestTermsOf(spec), /Two of guest.exceptions name a\./);
});

test('terms come back from the spec that they were written as', () => {
  const script = { name: 'motd', when: 'first-boot', text: 'true' } as const;
  const terms: GuestTerms = {
    others: {
      conversion: { policy: 'convert', clevis: ['all'], keys: 'luks', virtioWin: 'drivers', scripts: [script] },
      proof: { probes: [{ kind: 'http', port: 80, path: '/health' }], deadlineSeconds: 60 },
    },
    byVm: new Map([
      ['plain', { conversion: { policy: 'none' } }],
      ['ready', { conversion: { policy: 'skip', clevis: ['all'], keys: 'luks' } }],
    ]),
  };
  const spec = guestSpecOf(terms);
  assert.deepEqual(guestTermsOf(GuestSpec.parse(spec)), terms);
});

test('a script of this machine is nothing that a cluster could ask by', () => {
  const proof = { probes: [{ kind: 'script', path: '/x', ports: [80] } as const] };
  assert.throws(
    () => guestSpecOf({ others: { conversion: { policy: 'convert' }, proof }, byVm: new Map() }),
    /no field for a probe/,
  );
});
