import { isTimeZone } from '../../model/time-zone.ts';
import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'time-zone-invalid',
  category: 'Critical',
  label: 'Time zone does not exist',
  about: 'KubeVirt accepts any text as time zone of the clock, and libvirt refuses to start the VM.',
  subject: 'VirtualMachine/spec.template.spec.domain.clock.timezone',
  remedy: 'Use a name of the IANA time zone database.',
  check({ machine }) {
    const zone = machine.spec.template.spec.domain.clock?.timezone;
    return found(
      `${DOMAIN}.clock.timezone`,
      zone === undefined || isTimeZone(zone)
        ? undefined
        : `${zone} is no IANA time zone: the VM would be accepted and never start.`,
    );
  },
};
