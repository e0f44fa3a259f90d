/** The peer itself: what KubeVirt refuses and what it lets through although it is wrong. Our own rules are written against this table. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type AdmissionVerdict, type AnyManifest, admitAll, kubevirtVersion, objections, STAGES } from './kubevirt.ts';
import { LET_THROUGH, linux, preference, REFUSED } from './kubevirt-cases.ts';
import { CLAIM, LINUX_VM, WINDOWS_VM } from './specimens.ts';

/** Asked for what they become. */
const SILENT_FIRMWARE = linux({ 'spec.preference': preference('windows.2k19'), 'D.firmware': {} });
const EXPLICIT_FIRMWARE = linux({ 'spec.preference': preference('windows.2k19') });
const OPEN_MAXIMA = linux({ 'D.cpu.maxSockets': undefined, 'D.memory.maxGuest': undefined });
const POD: AnyManifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };

describe("KubeVirt's own judgement", () => {
  const verdicts = new Map<AnyManifest, AdmissionVerdict>();

  before(async () => {
    const manifests = [
      ...[LINUX_VM, WINDOWS_VM, CLAIM, SILENT_FIRMWARE, EXPLICIT_FIRMWARE, OPEN_MAXIMA, POD],
      ...REFUSED.map((one) => one.manifest),
      ...LET_THROUGH.map(([, one]) => one),
    ];
    const found = await admitAll(manifests);
    assert.equal(found.length, manifests.length);
    for (const [index, verdict] of found.entries()) {
      const manifest = manifests[index];
      if (manifest !== undefined) verdicts.set(manifest, verdict);
    }
  });

  function verdictOf(manifest: AnyManifest): AdmissionVerdict {
    const verdict = verdicts.get(manifest);
    if (verdict === undefined) throw new Error(`no verdict on ${manifest.metadata.name}`);
    return verdict;
  }

  function domainOf(manifest: AnyManifest): Readonly<Record<string, unknown>> {
    const { started } = verdictOf(manifest);
    if (started === undefined) throw new Error(`${manifest.metadata.name} cannot be started`);
    return started.spec.domain;
  }

  for (const healthy of [LINUX_VM, WINDOWS_VM, CLAIM]) {
    it(`accepts the healthy ${healthy.kind} ${healthy.metadata.name} at every stage`, () => {
      const verdict = verdictOf(healthy);
      assert.deepEqual(objections(verdict), []);
      assert.equal(verdict.accepted, true);
      assert.equal(verdict.kind, healthy.kind);
      assert.equal(verdict.name, healthy.metadata.name);
    });
  }

  for (const { what, manifest, refusedAt, because } of REFUSED) {
    it(`refuses ${what} at ${refusedAt.join(' and ')}`, () => {
      const verdict = verdictOf(manifest);
      assert.deepEqual(
        STAGES.filter((stage) => verdict[stage]?.accepted === false),
        refusedAt,
        objections(verdict).join('\n'),
      );
      assert.equal(verdict.accepted, false);
      assert.match(objections(verdict).join('\n'), because);
    });
  }

  for (const [what, manifest] of LET_THROUGH) {
    it(`lets through ${what}`, () => {
      assert.deepEqual(objections(verdictOf(manifest)), []);
    });
  }

  it('names VirtualMachine stages and gives a claim only a schema', () => {
    assert.equal(verdictOf(CLAIM).create, undefined);
    assert.equal(verdictOf(CLAIM).start, undefined);
    assert.notEqual(verdictOf(LINUX_VM).start, undefined);
  });

  it('refuses a kind that it has no rules for instead of passing it over', () => {
    assert.deepEqual(objections(verdictOf(POD)), ['Pod p, schema, kind: this peer has no rules for Pod of v1']);
    assert.equal(verdictOf(POD).accepted, false);
  });

  it('starts a VM that leaves its firmware open with EFI and Secure Boot when the preference says so', () => {
    assert.partialDeepStrictEqual(domainOf(SILENT_FIRMWARE), { firmware: { bootloader: { efi: { secureBoot: true } } } });
  });

  it('leaves an explicit BIOS alone under the same preference', () => {
    assert.partialDeepStrictEqual(domainOf(EXPLICIT_FIRMWARE), { firmware: { bootloader: { bios: {} } } });
    assert.doesNotMatch(JSON.stringify(domainOf(EXPLICIT_FIRMWARE)), /"efi"/);
  });

  it('gives four times the sockets and the memory as head room unless the maxima are written', () => {
    assert.partialDeepStrictEqual(domainOf(OPEN_MAXIMA), { cpu: { maxSockets: 8 }, memory: { maxGuest: '16Gi' } });
    assert.partialDeepStrictEqual(domainOf(LINUX_VM), { cpu: { maxSockets: 2 }, memory: { maxGuest: '4Gi' } });
  });
});

describe('the KubeVirt peer', () => {
  it('says which KubeVirt it is', async () => {
    assert.match(await kubevirtVersion(), /^v1\.\d+\.\d+$/);
  });
});
