import { systemOf } from '../../model/guest-readiness.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-os-unknown',
  category: 'Warning',
  label: 'Guest system unknown',
  about:
    'Which drivers a guest has follows from its system. The source does not say which it is, or says it in words that are not in the catalogue. Information only where compatible devices were asked for.',
  subject: 'guest.osId',
  remedy: 'Make sure that the guest has virtio drivers, or migrate with --guest compatibility.',
  check({ guest }, { options, os, policy, inspection }) {
    if (os !== undefined || (inspection !== undefined && systemOf(inspection) !== undefined)) return [];
    const said = guest.osName ?? guest.osId;
    const subject = guest.osName === undefined ? 'guest.osId' : 'guest.osName';
    const source = said === undefined ? 'The source does not name it.' : `The source says «${said}».`;
    if (policy === 'compatibility' || options.devices === 'compatibility') {
      return [
        {
          subject,
          category: 'Information',
          assessment: `${source} Nearly every guest has drivers for SATA disks and E1000E NICs.`,
        },
      ];
    }
    const advice =
      policy === 'convert'
        ? 'Whether it can be converted shows after the copy. Look into it beforehand (--inspect), or migrate with --guest compatibility.'
        : 'Find out whether it has virtio drivers; without them migrate with --guest compatibility.';
    return [{ subject, assessment: `${source} ${advice}` }];
  },
};
