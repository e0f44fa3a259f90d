import type { Rule } from '../rule.ts';

const CHANGE_TRACKING_SINCE = 7;

export const rule: Rule = {
  id: 'hardware-too-old',
  category: 'Information',
  label: 'Very old virtual hardware',
  about:
    'VMware virtual hardware before version 7 has no change tracking, and its guests are of an age that often lacks drivers.',
  subject: 'platform.hardwareVersion',
  remedy: 'Migrate cold, or upgrade the virtual hardware first.',
  check({ platform }) {
    const match = /^vmx-0*(\d+)$/i.exec(platform.hardwareVersion ?? '');
    if (match === null || Number(match[1]) >= CHANGE_TRACKING_SINCE) return [];
    return [
      {
        subject: 'platform.hardwareVersion',
        assessment: `${platform.hardwareVersion} allows a cold migration only. Test the boot on the target early.`,
      },
    ];
  },
};
