/** What a migration measured of itself: its passes, and where the time went in which the VM was down. */
import type { Downtime } from '../model/downtime.ts';
import type { VmProgress } from '../model/plan.ts';
import type { PrecopyPass } from '../model/precopy.ts';
import type { VmReport } from '../model/report.ts';
import { formatBytes } from '../model/units.ts';
import { about, spreadText } from './durations.ts';
import type { Exhibit } from './exhibit.ts';
import { instantText, outlookText } from './outlook.ts';

export function measuredExhibits({ progress, downtime }: Pick<VmReport, 'progress' | 'downtime'>): readonly Exhibit[] {
  return [
    ...(progress === undefined ? [] : passes(progress)),
    ...(downtime === undefined ? [] : [downtimeOf(downtime)]),
    ...(progress?.warm?.left === undefined
      ? []
      : [{ title: 'Left at the source, to be removed by hand', lines: [progress.warm.left], head: [], rows: [] }]),
  ];
}

/** What a VM that has not come to its end waits for; empty where there is nothing to say. */
export function waitText({ outlook, warm }: VmProgress): string {
  const parts = [
    ...(outlook === undefined ? [] : [outlookText(outlook, instantText)]),
    ...(outlook?.downtime?.advice ?? []),
    ...(warm?.setback === undefined ? [] : [`The last precopy failed: ${warm.setback.message}`]),
  ];
  return parts.join('. ');
}

function passes({ warm }: VmProgress): readonly Exhibit[] {
  if (warm === undefined || warm.passes.length === 0) return [];
  const forgotten = (warm.passes.at(-1)?.number ?? 0) - warm.passes.length;
  return [
    {
      title: 'Passes',
      lines: forgotten > 0 ? [`${forgotten} passes after the first are left out.`] : [],
      head: ['Pass', 'Content of', 'Moved', 'Copied in', 'Snapshot', 'Changed', 'Compared as a whole because'],
      rows: warm.passes.map((pass, index) => passRow(pass, warm.passes[index - 1])),
    },
  ];
}

function passRow(pass: PrecopyPass, before: PrecopyPass | undefined): readonly string[] {
  const apart = before === undefined ? 0 : (Date.parse(pass.checkpointAt) - Date.parse(before.checkpointAt)) / 1000;
  // Between the full copy and the first pass that is remembered there were others.
  const isNext = before !== undefined && pass.number === before.number + 1 && apart > 0;
  return [
    String(pass.number),
    `${pass.checkpointAt.slice(0, 10)} ${pass.checkpointAt.slice(11, 19)} UTC`,
    formatBytes(pass.bytes),
    `${pass.copySeconds.toFixed(1)} s`,
    `${pass.snapshotSeconds.toFixed(1)} s`,
    isNext ? `${formatBytes(Math.round(pass.bytes / apart))}/s` : '',
    pass.compared === undefined ? '' : `${pass.compared.because} (${formatBytes(pass.compared.bytes)})`,
  ];
}

function downtimeOf({ from, to, seconds, parts, over, predicted }: Downtime): Exhibit {
  const total = `${over ? 'Down' : 'Down so far'} for ${about(seconds)} (${seconds.toFixed(1)} s) from ${instantText(from)} ${over ? 'to' : 'on, known until'} ${instantText(to)}.`;
  const delta = predicted?.finalDelta;
  return {
    title: 'Downtime',
    lines: [
      total,
      ...(predicted === undefined ? [] : [`Predicted when it began: ${spreadText(predicted.seconds)}.`]),
      ...(delta === undefined
        ? []
        : [`Final delta: ${formatBytes(delta.actual)}; predicted ${formatBytes(delta.predicted.likely)}.`]),
    ],
    head: ['Phase', 'Seconds', 'Share'],
    rows: parts.map((part) => [
      part.phase,
      part.seconds.toFixed(1),
      seconds === 0 ? '' : `${Math.round((part.seconds / seconds) * 100)} %`,
    ]),
  };
}
