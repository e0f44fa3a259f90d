import { MigrationError } from '../../model/errors.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { textsAt } from '../facts/json.ts';
import { CLAIMS } from '../kinds.ts';
import type { JobRef } from './job-watch.ts';
import type { SourceClaim } from './pod-volumes.ts';

/** Which nodes can mount a claim with image files. @throws MigrationError `source-not-found` when there is no such claim */
export async function sourceClaim(client: KubeClient, ref: JobRef, signal: AbortSignal): Promise<SourceClaim> {
  const found = await client.get(CLAIMS, ref, { signal });
  if (found === undefined) {
    throw new MigrationError('source-not-found', `There is no claim ${ref.name} in ${ref.namespace}.`, {
      hint: 'Make the claim that the Provider names, and put the image files onto it.',
    });
  }
  const modes = textsAt(found, 'spec', 'accessModes');
  return { claim: ref.name, oneNode: !modes.includes('ReadWriteMany') && !modes.includes('ReadOnlyMany') };
}
