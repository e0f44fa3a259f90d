import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'vm-not-connected',
  category: 'Critical',
  label: 'Source cannot speak to the VM',
  about:
    'The VM is disconnected, inaccessible, orphaned or invalid at the source: its facts may be old, and its disks cannot be read. A warning where only its host is disconnected.',
  subject: 'connection',
  remedy: 'Bring the VM back into its inventory, or its storage back to its host, and read the source again.',
  check({ connection }) {
    if (connection === undefined || connection === 'connected') return [];
    if (connection === 'disconnected')
      return [
        {
          subject: 'connection',
          category: 'Warning',
          assessment: 'The host of the VM is disconnected: reconnect it before the migration. What is known may be old.',
        },
      ];
    return found('connection', `The VM is ${connection}. Mend it at the source; what is known of it may be wrong.`);
  },
};
