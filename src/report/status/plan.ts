/** One plan with its VMs: what needs a person first, what runs, what waits; sums for the rest, so that ten thousand VMs fit on a screen. */
import { isOver, type PlanState, type Standing, standingOf, type VmState } from '../../model/plan-state.ts';
import { formatBytes } from '../../model/units.ts';
import { columns, printable, wrap } from '../columns.ts';
import { bar, clip, counts, leftCell, percentOf, rateCell } from './cells.ts';
import { noteOf, stateWord, troubleOf } from './words.ts';

/** A VM with how fast its bytes come; both are absent where nothing moves. */
export interface VmView {
  readonly vm: VmState;
  readonly bytesPerSecond?: number;
  /** Of this pass. */
  readonly secondsLeft?: number;
}

export interface PlanTable {
  readonly bars: boolean;
  /** Lines at most; the VMs that need a person come first. All when absent. */
  readonly height?: number;
  /** Lines are cut to so many characters. */
  readonly width?: number;
}

const BAR = 28;
/** Reasons for waiting that are summed up. */
const REASONS_SHOWN = 3;

/** Who needs a person comes first. */
const ORDER: readonly Standing[] = ['failed', 'blocked', 'running', 'waiting', 'canceled', 'rolled-back', 'completed'];

export function planTable(plan: PlanState, views: readonly VmView[], { bars, height, width }: PlanTable): readonly string[] {
  const byStanding = Map.groupBy(views, ({ vm }) => standingOf(vm));
  const head = [...titleLines(plan, width), ...figureLines(views, bars), ...countLines(byStanding), ''];
  const sorted = ORDER.flatMap((standing) => byStanding.get(standing) ?? []);
  const room = height === undefined ? Number.POSITIVE_INFINITY : Math.max(1, height - head.length - 2);
  const { lines, shown } = vmLines(plan, sorted, { bars, room });
  const rest = sorted.slice(shown);
  const all = [...head, ...lines, ...(rest.length === 0 ? [] : [restLine(rest)])].map(printable);
  return width === undefined ? all : all.map((line) => clip(line, width));
}

/** What the plan does or why it does nothing, whole: it may be the one line that matters. */
function titleLines(plan: PlanState, width: number | undefined): readonly string[] {
  const { namespace, name, type, provider, state = 'new', current, missing } = plan;
  const { message = 'No operator has looked at it yet.' } = plan;
  const title = `${namespace}/${name}: ${type} from ${provider}. ${state}${current ? '' : ', about to be looked at'}:`;
  const short = width === undefined || title.length + 1 + message.length <= width;
  return [
    ...(short ? [`${title} ${message}`] : [title, ...wrap(message, width, '  ')]),
    ...(missing.length === 0 ? [] : [`These names and ids mean no VM: ${missing.join(', ')}`]),
  ];
}

function figureLines(views: readonly VmView[], bars: boolean): readonly string[] {
  const done = sum(views.map(({ vm }) => vm.done));
  const total = sum(views.map(({ vm }) => vm.total));
  const rate = sum(views.map(({ bytesPerSecond }) => bytesPerSecond ?? 0));
  const percent = percentOf(done, total);
  const going = views.some(({ vm }) => !isOver(standingOf(vm)));
  const figures = [
    `${formatBytes(done)} of ${formatBytes(total)}`,
    ...(rate >= 1 ? [rateCell(rate)] : []),
    ...(rate >= 1 && going ? [`${leftCell((total - done) / rate)} left at this rate`] : []),
  ];
  return total === 0 ? [] : [`${bars ? `${bar(percent, BAR)} ` : ''}${percent} %, ${figures.join(', ')}`];
}

function countLines(byStanding: ReadonlyMap<Standing, readonly VmView[]>): readonly string[] {
  const all = sum([...byStanding.values()].map(({ length }) => length));
  const words = ORDER.map((standing) => [standing, byStanding.get(standing)?.length ?? 0] as const);
  const reasons = new Map<string, number>();
  for (const { vm } of byStanding.get('waiting') ?? []) {
    if (vm.waitingFor !== undefined) reasons.set(vm.waitingFor, (reasons.get(vm.waitingFor) ?? 0) + 1);
  }
  const often = [...reasons].filter(([, number]) => number > 1).toSorted(([, a], [, b]) => b - a);
  return [
    all === 0 ? 'No VMs yet.' : `${all.toLocaleString('en-US')} VM${all === 1 ? '' : 's'}: ${counts(words)}`,
    ...often.slice(0, REASONS_SHOWN).map(([reason, number]) => `${number.toLocaleString('en-US')} × ${reason}`),
  ];
}

const HEAD = ['VM', 'STATE', 'PROGRESS', 'RATE', 'LEFT', ''];

/** As many VMs as there is room for. What stopped one stands below it, where there is width for whole sentences. */
function vmLines(
  plan: PlanState,
  views: readonly VmView[],
  { bars, room }: { readonly bars: boolean; readonly room: number },
): { readonly lines: readonly string[]; readonly shown: number } {
  const shown: { readonly row: readonly string[]; readonly below: readonly string[] }[] = [];
  let height = 0;
  for (const view of views) {
    const below = troubleOf(view.vm).map((text) => `    ${text}`);
    height += 1 + below.length;
    if (height > room) break;
    shown.push({ row: [...vmCells(view, bars), noteOf(plan, view.vm)], below });
  }
  if (shown.length === 0) return { lines: [], shown: 0 };
  const [head = '', ...rows] = columns([HEAD, ...shown.map(({ row }) => row)]);
  return { lines: [head, ...rows.flatMap((row, index) => [row, ...(shown[index]?.below ?? [])])], shown: shown.length };
}

function vmCells({ vm, bytesPerSecond, secondsLeft }: VmView, bars: boolean): readonly string[] {
  const percent = percentOf(vm.done, vm.total);
  const text = `${String(percent).padStart(3)} %`;
  const begun = vm.phase !== undefined && vm.total > 0;
  return [
    vm.targetName === undefined || vm.targetName === vm.vm.name ? vm.vm.name : `${vm.vm.name} → ${vm.targetName}`,
    stateWord(vm),
    begun ? (bars ? `${bar(percent, 10)} ${text}` : text) : '',
    rateCell(bytesPerSecond),
    leftCell(secondsLeft),
  ];
}

function restLine(rest: readonly VmView[]): string {
  const byStanding = Map.groupBy(rest, ({ vm }) => standingOf(vm));
  const words = ORDER.map((standing) => [standing, byStanding.get(standing)?.length ?? 0] as const);
  return `and ${counts([['more', rest.length]])}: ${counts(words)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
