import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'secure-boot-template',
  category: 'Information',
  label: 'Secure boot keys are the target’s own',
  about:
    'The source says which keys secure boot trusts. KubeVirt’s firmware trusts those of Microsoft, for Windows and for other systems alike. A warning for any other set of keys.',
  subject: 'firmware.secureBootTemplate',
  remedy: 'Switch secure boot off, or enrol the keys on the target, where the guest’s loader is signed by others.',
  check({ firmware }) {
    const template = firmware.secureBootTemplate;
    if (template === undefined || firmware.secureBoot !== true) return [];
    const subject = 'firmware.secureBootTemplate';
    if (template === 'MicrosoftWindows' || template === 'MicrosoftUEFICertificateAuthority')
      return found(
        subject,
        `The keys of ${template} are trusted by KubeVirt’s firmware as well, together with those of the other template.`,
      );
    return [
      {
        subject,
        category: 'Warning',
        assessment: `KubeVirt’s firmware does not know the keys of ${template}: the guest may be refused. Switch secure boot off at the source and test.`,
      },
    ];
  },
};
