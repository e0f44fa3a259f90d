import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-ntfs-unclean',
  category: 'Critical',
  label: 'NTFS was not shut down cleanly',
  about:
    'Windows sleeps, was shut down by fast startup, or was switched off: nothing can be written to its file system, and so it cannot be converted. A warning where nothing has to be written: a sleeping Windows wakes up on other devices than those it went to sleep with.',
  subject: 'inspection.filesystems[]',
  remedy: 'Start the VM at the source, turn fast startup off, and shut it down.',
  check(_vm, { policy, inspection }) {
    return (inspection?.filesystems ?? []).flatMap(({ device, state }, index) => {
      if (state === undefined || state === 'clean' || (policy !== 'convert' && state === 'dirty')) return [];
      const [what, cure] =
        state === 'hibernated'
          ? [
              'holds a Windows that sleeps',
              'Start the VM at the source, turn fast startup off (powercfg /h off) and shut it down.',
            ]
          : ['was not unmounted cleanly', 'Start the VM at the source, let it be checked (chkdsk /f) and shut it down.'];
      const found = { subject: `inspection.filesystems[${index}].state`, assessment: `${device} ${what}. ${cure}` };
      return [policy === 'convert' ? found : { ...found, category: 'Warning' as const }];
    });
  },
};
