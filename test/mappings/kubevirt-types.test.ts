/**
 * Compile-time proof that our closed target types fit the types generated from KubeVirt's OpenAPI document (1.8): every field we
 * write exists there under that name and takes that value. `npx tsc` fails otherwise; the tests below only keep it from being empty.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { K8sIoApiCoreV1PersistentVolumeClaimSpec, V1VirtualMachine } from '@kubevirt-ui-ext/kubevirt-api/kubevirt';
import { mapVm } from '../../mappings/index.ts';
import type { PersistentVolumeClaim, VirtualMachine } from '../../src/model/manifest.ts';
import { fullVm } from './full-vm.ts';

type Primitive = string | number | boolean | undefined | null;

/** The generated types know no `readonly`. */
type Writable<T> = T extends Primitive
  ? T
  : T extends readonly (infer U)[]
    ? Writable<U>[]
    : { -readonly [K in keyof T]: Writable<T[K]> };

/** Names of fields in `Ours` that `Theirs` does not have, at any depth; `never` when there is none. */
type Stray<Ours, Theirs> = Ours extends Primitive
  ? never
  : Ours extends readonly (infer OurItem)[]
    ? Theirs extends readonly (infer TheirItem)[]
      ? Stray<OurItem, TheirItem>
      : 'a list where none belongs'
    : string extends keyof Ours
      ? never
      : {
          [K in keyof Ours & string]-?: K extends keyof NonNullable<Theirs>
            ? Stray<NonNullable<Ours[K]>, NonNullable<NonNullable<Theirs>[K]>>
            : K;
        }[keyof Ours & string];

const machineFits: (machine: Writable<VirtualMachine>) => V1VirtualMachine = (machine) => machine;
const claimFits: (spec: Writable<PersistentVolumeClaim['spec']>) => K8sIoApiCoreV1PersistentVolumeClaimSpec = (spec) => spec;
const nothingStray: Stray<VirtualMachine, V1VirtualMachine> extends never ? true : false = true;
const noStrayClaim: Stray<PersistentVolumeClaim['spec'], K8sIoApiCoreV1PersistentVolumeClaimSpec> extends never ? true : false =
  true;
/** The check itself is checked: a misspelt field would be found. */
const wouldFind: Stray<{ readonly spec: { readonly runStrateggy: string } }, V1VirtualMachine> = 'runStrateggy';

test('the target types fit KubeVirt’s own', () => {
  const { manifests } = mapVm(fullVm, {
    networkMap: { entries: [] },
    storageMap: { entries: [] },
    facts: {},
    options: { devices: 'virtio' },
    name: 'full',
  });
  const [claim] = manifests;
  const machine = manifests.at(-1);
  assert.ok(claim?.kind === 'PersistentVolumeClaim' && machine?.kind === 'VirtualMachine');
  assert.equal(machineFits(structuredClone(machine) as Writable<VirtualMachine>).kind, 'VirtualMachine');
  assert.deepEqual(
    claimFits(structuredClone(claim.spec) as Writable<PersistentVolumeClaim['spec']>).accessModes,
    claim.spec.accessModes,
  );
  assert.ok(nothingStray && noStrayClaim && wouldFind);
});
