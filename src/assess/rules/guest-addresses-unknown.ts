import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-addresses-unknown',
  category: 'Warning',
  label: 'Addresses of the guest unknown',
  about:
    'The VM runs with its tools, and the source still knows no address of it. Static addresses cannot be carried over, and nobody can compare afterwards.',
  subject: 'nics[].addresses',
  remedy: 'Look into the guest and write its addresses down.',
  check({ nics, guest, power }) {
    if (power !== 'on' || guest.tools?.running !== true || nics.length === 0) return [];
    if (nics.some(({ addresses, guestIp }) => (addresses?.length ?? 0) > 0 || (guestIp?.addresses?.length ?? 0) > 0)) return [];
    return found('nics', 'Write down what the guest has (ip addr, ipconfig /all). If it uses DHCP, nothing is lost.');
  },
};
