import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'question-pending',
  category: 'Critical',
  label: 'VM waits for an answer',
  about:
    'The VM stands still until somebody answers a question of the hypervisor. Neither a snapshot nor a shutdown works until then.',
  subject: 'question',
  remedy: 'Answer the question at the source.',
  check({ question }) {
    return found('question', question === undefined || question === '' ? undefined : `Answer it at the source: «${question}».`);
  },
};
