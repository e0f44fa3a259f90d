import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

const LEGACY: ReadonlySet<string> = new Set(['hyperv-legacy', 'pcnet', 'flexible', 'vmxnet', 'ne2k', 'rtl8139']);

export const rule: Rule = {
  id: 'nic-legacy',
  category: 'Information',
  label: 'Very old NIC model',
  about: 'The NIC is of a model for guests without drivers, often chosen so that the guest could boot from the network.',
  subject: 'nics[].model',
  remedy: 'Look whether the guest has a driver for its new NIC.',
  check(vm) {
    return onNics(vm, 'model', ({ model, label }) =>
      model !== undefined && LEGACY.has(model)
        ? `${label} (${model}) becomes a current model. Guests that booted from the network through it need a place in the boot order.`
        : undefined,
    );
  },
};
