import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'clock-unknown',
  category: 'Warning',
  label: 'Time zone of the hardware clock unknown',
  about:
    'Windows keeps local time in the hardware clock. The source does not say which zone that is, so the target’s clock holds UTC.',
  subject: 'clock.rtc',
  remedy: 'Check the guest’s clock after its first boot.',
  check({ clock }, { os }) {
    if (clock.rtc !== undefined || os?.family !== 'windows') return [];
    return [
      {
        subject: 'clock.rtc',
        assessment:
          'Until it has synchronised, Windows is wrong by its distance from UTC. Set clock.timezone in the manifest to the zone of the guest before the first start.',
      },
    ];
  },
};
