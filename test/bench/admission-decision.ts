/** What one decision of the operator's admission costs while so many VMs wait: of several plans, for the places of hosts and datastores. */
import { Admission, type Use } from '../../src/operator/admission.ts';

const PLANS = 10;
const HOSTS = 16;
const STORES = 5;
const DECISIONS = 20_000;

/** Milliseconds for one VM to end, the next one to begin, and another one to ask. */
export function decisionTimes(waiting: number): number {
  const admission = new Admission();
  const begun: string[] = [];
  let number = 0;
  const ask = (): void => {
    const id = `vm-${number}`;
    const [plan, host, store] = [number % PLANS, number % HOSTS, number % STORES].map(String);
    number += 1;
    admission.ask({
      ...{ id, what: 'vm', plan: `plan-${plan}`, priority: 0, wait: () => undefined },
      begin: () => begun.push(id),
      uses: [use('plan', plan, 4), use('host', host, 2), use('storage', store, 4)],
    });
  };
  for (let index = 0; index < waiting + HOSTS; index += 1) ask();
  let next = 0;
  const turn = (): void => {
    const id = begun[next];
    if (id === undefined) throw new Error('nobody has begun');
    next += 1;
    admission.leave(id);
    ask();
  };
  for (let index = 0; index < DECISIONS / 10; index += 1) turn();
  const started = performance.now();
  for (let index = 0; index < DECISIONS; index += 1) turn();
  return (performance.now() - started) / DECISIONS;
}

function use(kind: string, name: string | undefined, limit: number): Use {
  return { name: `${kind} ${name}`, label: `${kind} ${name}`, things: 'transfers', limit };
}
