import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'resource-reservation',
  category: 'Information',
  label: 'Reservations and limits are not kept',
  about:
    'Reservations and limits in megahertz and bytes have no exact counterpart. Memory is reserved in full anyway; processors are shared unless requests are set.',
  subject: 'cpu.reservationMhz',
  remedy: 'Set CPU requests or limits if the VM needs them.',
  check({ cpu, memory }) {
    const stated: readonly (readonly [subject: string, value: number | undefined, text: string])[] = [
      [
        'cpu.reservationMhz',
        cpu.reservationMhz,
        `A CPU reservation of ${cpu.reservationMhz} MHz is dropped: set CPU requests if the VM needs a guarantee.`,
      ],
      ['cpu.limitMhz', cpu.limitMhz, `A CPU limit of ${cpu.limitMhz} MHz is dropped: the VM may use its processors in full.`],
      [
        'cpu.reservationPercent',
        cpu.reservationPercent,
        `A CPU reserve of ${cpu.reservationPercent} % is dropped: set CPU requests if the VM needs a guarantee.`,
      ],
      [
        'cpu.limitPercent',
        cpu.limitPercent === 100 ? undefined : cpu.limitPercent,
        `A CPU limit of ${cpu.limitPercent} % is dropped: the VM may use its processors in full.`,
      ],
      ['memory.reservation', memory.reservation, 'The memory reservation is dropped: KubeVirt reserves the whole guest memory.'],
      ['memory.limit', memory.limit, 'The memory limit is dropped: below the guest memory it would have the VM killed.'],
    ];
    return stated.flatMap(([subject, value, assessment]) => (value === undefined || value <= 0 ? [] : [{ subject, assessment }]));
  },
};
