import type { BootProof } from '../../model/boot-proof.ts';
import { PROCESSORS } from '../resources/proof-status.ts';
import { addressesOf } from './guest-addresses.ts';
import type { Verdict } from './machine-watch.ts';
import type { Picture } from './picture.ts';

/** What was seen of a machine, as a proof. @param differences what is not as it was at the source */
export function proofFrom(
  verdict: Verdict,
  { picture, differences }: { readonly picture: Picture; readonly differences: readonly string[] },
): BootProof {
  const { evidence, trouble, seconds, instance } = verdict;
  return {
    ...{ booted: trouble === undefined, evidence, seconds },
    ...(trouble && { trouble }),
    accelerator: PROCESSORS[instance?.emulated === true ? 'tcg' : 'kvm'],
    ...('kept' in picture && { screenshot: picture.kept }),
    addresses: addressesOf(instance?.nics ?? []),
    console: '',
    differences: [
      ...differences,
      ...remarks(verdict),
      ...('because' in picture ? [`There is no picture of its screen: ${picture.because}.`] : []),
    ],
  };
}

function remarks({ silent, evidence, instance }: Verdict): readonly string[] {
  if (silent)
    return [
      'Nothing was seen of the guest itself: no agent is connected in it, and no probe was asked for. The machine runs, and that is all.',
    ];
  if (instance?.phase === 'Running' && !evidence.some(({ kind }) => kind === 'guest-agent'))
    return ['No guest agent is connected.'];
  return [];
}
