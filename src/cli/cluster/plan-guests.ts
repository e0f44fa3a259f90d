/** What the options say about guests, in the words of a cluster. */
import { MigrationError } from '../../model/errors.ts';
import type { GuestChoice, GuestTerms } from '../../model/guest-terms.ts';

/**
 * The terms with the names that things have in the cluster: of the Secret with the passphrases, of the claim with virtio-win.
 * @param named.virtioWin as it was said on the command line: CLAIM, or CLAIM:PATH
 * @throws MigrationError `usage` for a path of this machine
 */
export function guestsInCluster(
  { others, byVm }: GuestTerms,
  named: { readonly guestKeys: string | undefined; readonly virtioWin: string | undefined },
): GuestTerms {
  const { guestKeys } = named;
  const virtioWin = virtioWinClaim(named.virtioWin);
  const renamed = ({ conversion, ...choice }: GuestChoice): GuestChoice => ({
    ...choice,
    ...(conversion && {
      conversion: {
        ...conversion,
        ...(conversion.keys !== undefined && guestKeys !== undefined && { keys: guestKeys }),
        ...(conversion.virtioWin !== undefined && virtioWin !== undefined && { virtioWin }),
      },
    }),
  });
  return { others: renamed(others), byVm: new Map([...byVm].map(([vm, choice]) => [vm, renamed(choice)])) };
}

function virtioWinClaim(virtioWin: string | undefined): string | undefined {
  if (virtioWin === undefined) return undefined;
  const [, claim, path] = /^([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::([A-Za-z0-9_][\w./-]*))?$/.exec(virtioWin) ?? [];
  if (claim !== undefined) return path === undefined ? claim : `${claim}/${path}`;
  throw new MigrationError('usage', `The cluster does not see ${virtioWin}: it is a path of this machine.`, {
    hint: 'Copy virtio-win to a claim of the target namespace and say --virtio-win CLAIM or CLAIM:PATH.',
  });
}
