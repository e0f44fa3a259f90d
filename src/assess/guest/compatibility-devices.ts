import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

/** Ports of the SATA controller of a q35 machine. */
const PORTS = 6;

export const rule: Rule = {
  id: 'compatibility-devices',
  category: 'Information',
  label: 'Slow devices',
  about:
    'SATA disks and E1000E NICs are emulated register by register: they cost more processor time than virtio and carry less, and six disks share a controller.',
  subject: 'options.devices',
  remedy: 'Install virtio drivers in the migrated guest, then change bus and model in its manifest.',
  check({ disks }, { policy, options }) {
    if (policy !== 'compatibility' && options.devices !== 'compatibility') return [];
    const many =
      disks.length > PORTS ? ` Its ${disks.length} disks need several SATA controllers: test that the guest finds them all.` : '';
    return found(
      'options.devices',
      `It boots with what it has, slower than it could.${many} Install virtio drivers once it runs, then change bus and model in its manifest, or migrate with --guest convert.`,
    );
  },
};
