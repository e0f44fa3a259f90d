import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const rule: TargetRule = {
  id: 'firmware-uuid-malformed',
  category: 'Critical',
  label: 'System UUID is malformed',
  about: 'KubeVirt accepts any text as firmware UUID, and libvirt refuses to start the VM.',
  subject: 'VirtualMachine/spec.template.spec.domain.firmware.uuid',
  remedy: 'Write it as 8-4-4-4-12 hexadecimal digits.',
  check({ machine }) {
    const uuid = machine.spec.template.spec.domain.firmware?.uuid;
    return found(
      `${DOMAIN}.firmware.uuid`,
      uuid === undefined || UUID.test(uuid) ? undefined : `${uuid} is no UUID: the VM would be accepted and never start.`,
    );
  },
};
