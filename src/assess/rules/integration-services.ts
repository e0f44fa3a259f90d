import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

/** What a clean shutdown and a look into the guest take. */
const NEEDED: ReadonlySet<string> = new Set(['Heartbeat', 'Shutdown', 'Key-Value Pair Exchange']);

export const rule: Rule = {
  id: 'integration-services',
  category: 'Warning',
  label: 'Integration services do not work',
  about:
    'Heartbeat, shutdown or data exchange of Hyper-V is switched off or does not run, so the source can neither shut the guest down cleanly nor say what runs in it.',
  subject: 'guest.tools.services',
  remedy: 'Switch the services on, or shut the guest down from inside.',
  check({ guest, power, platform }) {
    if (platform.vendor !== 'hyperv') return [];
    const subject = 'guest.tools.services';
    const idle = (guest.tools?.services ?? []).filter(
      ({ name, enabled, running }) => NEEDED.has(name) && (!enabled || (power === 'on' && running === false)),
    );
    if (idle.length > 0)
      return found(subject, `${idle.map(({ name }) => name).join(', ')}: switch them on, or shut the guest down from inside.`);
    if (power === 'on' && guest.tools?.services !== undefined && guest.osName === undefined && guest.osId === undefined)
      return found(
        subject,
        'The guest runs and has not told its system: data exchange does not work in it, or it has just started.',
      );
    return [];
  },
};
