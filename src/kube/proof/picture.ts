/** The screen of a machine in the cluster, kept where people and reports find it. */
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, ObjectRef } from '../client/kube-client.ts';
import { pathOf } from '../client/paths.ts';
import { CONFIG_MAPS, INSTANCE_SUBRESOURCES } from '../kinds.ts';
import { objectOf } from '../resources/collection.ts';
import { ownedBy } from '../runtime/owners.ts';
import type { Verdict } from './machine-watch.ts';

/** Key of the picture in its ConfigMap. */
const KEY = 'screen.png';
/** An object has 1 MiB, and base64 takes a third more: above every text or login screen, below a photograph of a desktop. */
const MAX_BYTES = 700_000;
/** A guest that hangs in its firmware may leave the display without an answer. */
const WITHIN_MS = 20_000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** `kept`: name of the ConfigMap in the owner's namespace, which goes with its owner. `because`: why there is no picture, for people. */
export type Picture = { readonly kept: string } | { readonly because: string };

export interface PictureOptions {
  readonly client: KubeClient;
  readonly machine: ObjectRef;
  readonly owner: ResourceName;
  /** Of the VM that arrived, or of a test: each has one. */
  readonly of: 'vm' | 'test';
}

/** Takes and keeps it. That there is none is no failure: older clusters have no such thing, and a login may not be allowed it. */
export async function keepPicture(
  { instance }: Pick<Verdict, 'instance'>,
  { client, machine, owner, of }: PictureOptions,
  signal: AbortSignal,
): Promise<Picture> {
  if (instance?.phase !== 'Running') return { because: 'the machine does not run' };
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
    const path = `${pathOf(INSTANCE_SUBRESOURCES, machine, 'vnc')}/screenshot`;
    const bytes = await client.readBytes(path, { accept: 'image/png', maxBytes: MAX_BYTES, signal: within });
    if (!bytes.subarray(0, PNG.length).equals(PNG)) return { because: 'what KubeVirt gave is no picture' };
    const name = `${owner.name.slice(0, 230)}${of === 'test' ? '-test' : ''}-boot-proof`;
    const metadata = ownedBy({ namespace: owner.namespace, name }, objectOf(owner), { controller: true });
    const binaryData = { [KEY]: bytes.toString('base64') };
    await client.apply(CONFIG_MAPS, { metadata, binaryData }, { signal: within, force: true });
    return { kept: name };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MigrationError)) return { because: `KubeVirt gave none within ${WITHIN_MS / 1000} s` };
    return { because: error.message.replace(/\.$/, '') };
  }
}
