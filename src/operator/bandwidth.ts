import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import { parseByteRate } from '../model/byte-rate.ts';
import { MigrationError } from '../model/errors.ts';
import { type CalendarRate, parseRateCalendar } from '../model/rate-calendar.ts';
import type { PlanResource, ProviderResource } from './services.ts';
import { transfersOfPlan, transfersOfSource } from './uses.ts';

/**
 * What one worker may read: its part of what the plan and the source may move, so that all workers together never move more, however many
 * there are. Workers are processes of their own on nodes of their own; a part that one does not use is not lent to another.
 * @throws MigrationError `config-invalid` for a text that is neither a rate nor a calendar
 */
export function bandwidthOf(plan: PlanResource, provider: ProviderResource): readonly BandwidthLimit[] {
  return [
    ...partOf(plan.spec.limits?.bandwidth, transfersOfPlan(plan), `limits.bandwidth of the plan ${plan.name}`),
    ...partOf(provider.spec.limits?.bandwidth, transfersOfSource(provider), `limits.bandwidth of the Provider ${provider.name}`),
  ];
}

function partOf(text: string | undefined, among: number, where: string): readonly BandwidthLimit[] {
  if (text === undefined) return [];
  const part = (rate: number): number => (rate === 0 ? 0 : Math.max(1, Math.floor(rate / among)));
  const rate = parseByteRate(text);
  if (rate !== undefined) return [part(rate)];
  const calendar = parseRateCalendar(text);
  if ('faults' in calendar) throw new MigrationError('config-invalid', `${where}: ${calendar.faults.join(' ')}`);
  const ofDay = (each: CalendarRate): CalendarRate => (each === 'unlimited' ? each : part(each));
  const { zone, rules, otherwise } = calendar;
  return [{ zone, rules: rules.map((rule) => ({ ...rule, rate: ofDay(rule.rate) })), otherwise: ofDay(otherwise) }];
}
