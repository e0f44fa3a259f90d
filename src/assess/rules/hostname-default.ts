import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'hostname-default',
  category: 'Warning',
  label: 'Guest has no name of its own',
  about:
    'The guest calls itself localhost, or nothing at all. On the target its name may come from DHCP, and software that knows it by name may not find it.',
  subject: 'guest.hostname',
  remedy: 'Give the guest a host name before the migration.',
  check({ guest }) {
    const { hostname } = guest;
    if (hostname === undefined || !/^(localhost(\.localdomain)?)?$/i.test(hostname)) return [];
    return found(
      'guest.hostname',
      `The guest’s host name is ${hostname === '' ? 'empty' : hostname}. Name it, or it takes the name of the VM from DHCP.`,
    );
  },
};
