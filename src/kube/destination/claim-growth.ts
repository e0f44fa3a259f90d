/** A disk that grew at its source needs a larger claim. What is on it stays. */
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { quantityOf } from '../../model/quantity.ts';
import type { KubeClient, KubeObject } from '../client/kube-client.ts';
import { listAt, textAt } from '../facts/json.ts';
import { CLAIMS } from '../kinds.ts';

/** Milliseconds that the storage may take to enlarge a volume. */
const GROWN_WITHIN = 300_000;
const LOOK_EVERY = 1000;

interface GrowOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks for a claim that is as large as its plan wants it, and waits until it is, or will be when a Pod mounts it. Claims never shrink.
 * @throws MigrationError `space-insufficient` where its class lets no claim grow, or the storage does not enlarge it
 */
export async function grow(
  found: KubeObject,
  wanted: PersistentVolumeClaim,
  { client, clock, signal }: GrowOptions,
): Promise<void> {
  const { storage } = wanted.spec.resources.requests;
  const size = quantityOf(storage) ?? 0;
  if (size <= (quantityOf(textAt(found, 'spec', 'resources', 'requests', 'storage') ?? '') ?? size)) return;
  const { namespace, name } = found.metadata;
  const ref = { name, ...(namespace !== undefined && { namespace }) };
  const refused = (why: string, cause?: unknown): MigrationError =>
    new MigrationError('space-insufficient', `The claim ${name} has to grow to ${storage}, because its disk grew: ${why}.`, {
      hint: 'Enlarge it where that is possible, or cancel the VM and migrate it with another plan: its claims are made anew.',
      cause,
    });
  try {
    await client.patch(CLAIMS, ref, { spec: { resources: { requests: { storage } } } }, { signal });
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code !== 'cluster-refused') throw error;
    throw refused(error.message, error);
  }
  for (const end = clock.now() + GROWN_WITHIN; clock.now() < end; await clock.sleep(LOOK_EVERY, signal)) {
    const claim = await client.get(CLAIMS, ref, { signal });
    if (claim === undefined || hasGrown(claim, size)) return;
  }
  throw refused('its storage has not enlarged it within five minutes');
}

function hasGrown(claim: KubeObject, size: number): boolean {
  if ((quantityOf(textAt(claim, 'status', 'capacity', 'storage') ?? '') ?? 0) >= size) return true;
  return listAt(claim, 'status', 'conditions').some((condition) => textAt(condition, 'type') === 'FileSystemResizePending');
}
