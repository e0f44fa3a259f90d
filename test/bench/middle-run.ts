/**
 * One measurement of the pure middle, in a process of its own: `node middle-run.ts WHAT COUNT` prints CPU seconds and peak memory as
 * JSON. Making the synthetic VMs is not counted.
 */

import type { SourceVm } from '../../src/model/vm.ts';
import { prepareEach } from '../../src/prepare.ts';
import { ReasonTable } from '../../src/report/document.ts';
import { renderJsonLine } from '../../src/report/index.ts';
import { vmJson } from '../../src/report/json.ts';
import { FLEET_NETWORKS, FLEET_STORAGE, fleetVm } from './fleet.ts';
import { connectionOf, requestFor } from './fleet-run.ts';

export interface MiddleRun {
  readonly cpuSeconds: number;
  /** Of JSON that came out. */
  readonly bytes: number;
  readonly peakRss: number;
}

export const MIDDLES = ['baseline', 'document', 'ndjson'] as const;

export type Middle = (typeof MIDDLES)[number];

const CHUNK = 500;

/** Makes VMs in chunks and keeps account of the CPU time that this takes. */
class Supply {
  /** Microseconds. */
  spent = 0;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  *texts(): Generator<string> {
    for (let start = 0; start < this.#count; start += CHUNK) {
      const before = cpu();
      const texts = Array.from({ length: Math.min(CHUNK, this.#count - start) }, (_, index) =>
        JSON.stringify(fleetVm(start + index)),
      );
      this.spent += cpu() - before;
      yield* texts;
    }
  }

  /** VMs as a parser leaves them: their strings are their own. */
  async *vms(): AsyncGenerator<SourceVm> {
    for (let start = 0; start < this.#count; start += CHUNK) {
      const before = cpu();
      const vms: SourceVm[] = Array.from({ length: Math.min(CHUNK, this.#count - start) }, (_, index) =>
        JSON.parse(JSON.stringify(fleetVm(start + index))),
      );
      this.spent += cpu() - before;
      yield* vms;
    }
  }
}

/** Microseconds of all threads, garbage collection included. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function run(what: Middle, supply: Supply): Promise<number> {
  let bytes = 0;
  if (what === 'baseline') {
    for (const text of supply.texts()) bytes += JSON.stringify(JSON.parse(text)).length;
    return bytes;
  }
  const connection = { ...connectionOf(0, fleetVm), vms: () => supply.vms() };
  const request = requestFor(FLEET_NETWORKS, FLEET_STORAGE);
  const reasons = new ReasonTable();
  for await (const entry of prepareEach(connection, request, { signal: new AbortController().signal })) {
    bytes += what === 'ndjson' ? renderJsonLine(entry, 'full').length : vmJson(entry, 'full', reasons).length;
  }
  return bytes;
}

if (import.meta.main) {
  const [name, count] = process.argv.slice(2);
  const what = MIDDLES.find((middle) => middle === name);
  if (what === undefined) throw new Error(`unknown measurement ${name}`);
  const supply = new Supply(Number(count));
  const before = cpu();
  const bytes = await run(what, supply);
  const result: MiddleRun = {
    cpuSeconds: (cpu() - before - supply.spent) / 1e6,
    bytes,
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
