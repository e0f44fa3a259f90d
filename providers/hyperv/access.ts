/** What a transport needs to read disks of this source, beside where they are: the login to the shares, and who counts changes. */
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';

export function sourceAccess(changes: ChangeTracking, credentials: () => Promise<Credentials>): SourceAccess {
  return {
    changes,
    credentials,
    // Disks are not fetched over HTTP.
    headers: () => Promise.resolve({}),
    trust: () => ({}),
  };
}
