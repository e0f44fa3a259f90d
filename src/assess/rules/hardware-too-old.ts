import type { Rule } from '../rule.ts';

const VMWARE = /^vmx-0*(\d+)$/i;
const CHANGE_TRACKING_SINCE = 7;
const HYPERV = /^(\d+\.\d+)$/;
/** Configuration version of Windows Server 2016. */
const RESILIENT_TRACKING_SINCE = 6.2;

export const rule: Rule = {
  id: 'hardware-too-old',
  category: 'Information',
  label: 'Very old virtual hardware',
  about:
    'VMware virtual hardware before version 7 and Hyper-V configurations before 6.2 have no change tracking, and guests of that age often lack drivers.',
  subject: 'platform.hardwareVersion',
  remedy: 'Migrate cold, or upgrade the virtual hardware first.',
  check({ platform }) {
    const { vendor, hardwareVersion = '' } = platform;
    const match = (vendor === 'hyperv' ? HYPERV : VMWARE).exec(hardwareVersion);
    const since = vendor === 'hyperv' ? RESILIENT_TRACKING_SINCE : CHANGE_TRACKING_SINCE;
    if (match === null || Number(match[1]) >= since) return [];
    return [
      {
        subject: 'platform.hardwareVersion',
        assessment: `Version ${hardwareVersion} allows a cold migration only. Test the boot on the target early.`,
      },
    ];
  },
};
