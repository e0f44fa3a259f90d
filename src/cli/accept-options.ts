/** `--accept`: Critical concerns that are no obstacle. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Report } from '../model/report.ts';

export interface Accepted {
  readonly id: string;
  readonly reason?: string;
}

export function addAcceptOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--accept <concern[=reason]>',
      'migrate in spite of this Critical concern (id); a plan in a cluster keeps the reason; repeatable',
    )
      .argParser(collect)
      .default([], 'none'),
  );
}

/** Ids of Critical concerns that nobody accepted. */
export function openCritical(report: Pick<Report, 'concerns' | 'vms'>, accepted: readonly Accepted[]): readonly string[] {
  const critical = [...report.concerns, ...report.vms.flatMap(({ concerns }) => concerns)].filter(
    ({ category }) => category === 'Critical',
  );
  return [...new Set(critical.map(({ id }) => id))].filter((id) => !accepted.some((one) => one.id === id));
}

function collect(value: string, earlier: readonly Accepted[]): readonly Accepted[] {
  const [, id = value, reason] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
  if (reason !== undefined && reason.trim().length < 3) throw new InvalidArgumentError('A reason has three letters at least.');
  return [...earlier, { id, ...(reason !== undefined && { reason: reason.trim() }) }];
}
