import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-mac-missing',
  category: 'Information',
  label: 'MAC address unknown',
  about: 'The source does not state the MAC address, as OVF packages often do not. The target makes up a new one.',
  subject: 'nics[].mac',
  remedy: 'Write the address into the manifest if something depends on it.',
  check({ nics }) {
    return nics.flatMap(({ label, mac }, index) =>
      mac === undefined
        ? [
            {
              subject: `nics[${index}].mac`,
              assessment: `${label} gets a new address: DHCP reservations and licences bound to the old one no longer match, and udev may rename the interface in the guest.`,
            },
          ]
        : [],
    );
  },
};
