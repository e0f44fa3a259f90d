/** Real reports of a synthetic fleet, made by prepare() itself. */
import type { Report } from '../../src/model/report.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { prepare } from '../../src/prepare.ts';
import { FLEET_NETWORKS, FLEET_STORAGE, fleetVm } from '../bench/fleet.ts';
import { connectionOf, requestFor } from '../bench/fleet-run.ts';

export const MADE_AT = Date.parse('2026-11-22T12:00:00Z');

/** A report of `count` VMs; `alter` may change each. */
export async function sampleReport(
  count: number,
  alter: (vm: SourceVm, number: number) => SourceVm = (vm) => vm,
): Promise<Report> {
  return await prepare(
    connectionOf(count, (number) => alter(fleetVm(number), number)),
    requestFor(FLEET_NETWORKS, FLEET_STORAGE),
    { clock: { now: () => MADE_AT, sleep: async () => {} }, signal: new AbortController().signal },
  );
}
