/** What an operator has asked of its cluster, as its own page of metrics tells. */
import type { Operator } from '../cluster/ground.ts';

const CHANGES: ReadonlySet<string> = new Set(['create', 'patch', 'update', 'delete']);

/** Requests so far that change something. */
export async function writesOf(operator: Operator): Promise<number> {
  const [, address] = /"address":"([^"]+)","pages":\["\/metrics"\]/.exec(operator.log()) ?? [];
  const page = await (await fetch(`http://${address}/metrics`)).text();
  let sum = 0;
  for (const [, verb = '', count] of page.matchAll(/^kubeferry_api_requests_total\{.*?verb="(\w+)".*?\} (\d+)$/gm))
    if (CHANGES.has(verb)) sum += Number(count);
  return sum;
}
