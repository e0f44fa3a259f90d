/** What can strike, where, and which errors it may be the cause of. */
import type { ErrorCode } from '../../../src/model/error-codes.ts';

export type WayName = 'range' | 'lease' | 'vddk' | 'streamOptimized' | 'monolithicSparse' | 'raw' | 'qcow2';

/** Where the disk comes from, where it goes, and how careful one is. */
export interface Setting {
  readonly way: WayName;
  readonly target: 'file' | 'device';
  readonly verify: boolean;
}

export interface FaultKind {
  /**
   * `answers`: the server spoils some of them. `act`: something is done at a moment. `target`: the target is spoiled when all was copied,
   * or has no room. `library`: the stub of VDDK is told before it is opened.
   */
  readonly kind: 'answers' | 'act' | 'target' | 'library';
  readonly strikes: (setting: Setting) => boolean;
  /** How often it is chosen compared to others; 1 when absent. */
  readonly weight?: number;
  /** Codes of errors that it may cause; none: it has to be overcome. */
  readonly codes: Partial<Record<WayName | 'any', readonly ErrorCode[]>>;
}

const served = ({ way }: Setting): boolean => way === 'range' || way === 'lease';
const always = (): boolean => true;
const byVddk = ({ way }: Setting): boolean => way === 'vddk';

const CUT: FaultKind = {
  kind: 'answers',
  strikes: served,
  codes: { range: ['source-read-failed'], lease: ['source-read-failed', 'source-unreachable', 'source-answer-broken'] },
};
const BUSY: FaultKind = {
  kind: 'answers',
  strikes: served,
  codes: { range: ['source-read-failed'], lease: ['source-read-failed'] },
};

export const FAULTS = {
  reset: CUT,
  short: CUT,
  stall: CUT,
  'status 429': BUSY,
  'status 503': BUSY,
  'status 401': { kind: 'answers', strikes: served, codes: { range: ['source-login-failed'], lease: ['source-forbidden'] } },
  restart: {
    kind: 'answers',
    strikes: served,
    codes: {
      range: ['source-read-failed', 'source-unreachable'],
      lease: ['source-read-failed', 'source-unreachable', 'source-answer-broken'],
    },
  },
  // Nobody can tell but by reading again; inside deflated data a checksum tells.
  'wrong byte served': {
    kind: 'answers',
    weight: 2,
    strikes: served,
    codes: { range: ['source-read-failed'], lease: ['image-malformed', 'image-truncated', 'image-unsupported'] },
  },
  'wrong byte kept': { kind: 'target', weight: 3, strikes: ({ verify }) => verify, codes: {} },
  'target full': { kind: 'target', strikes: ({ target }) => target === 'file', codes: { any: ['target-full'] } },
  'target fails': {
    kind: 'act',
    weight: 4,
    strikes: ({ target }) => target === 'device',
    codes: { any: ['target-write-failed'] },
  },
  abort: { kind: 'act', strikes: always, codes: { any: ['canceled'] } },
  kill: { kind: 'act', weight: 3, strikes: always, codes: {} },
  'library port': { kind: 'library', strikes: byVddk, codes: { any: ['source-unreachable'] } },
  'library locked': { kind: 'library', strikes: byVddk, codes: { any: ['source-busy'] } },
  'library lost': { kind: 'library', strikes: byVddk, codes: { any: ['source-read-failed'] } },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

/** Those that may strike there, each as often as it has weight. */
export function faultsOf(setting: Setting): readonly FaultName[] {
  const kinds: readonly (readonly [string, FaultKind])[] = Object.entries(FAULTS);
  const possible = kinds.filter(([, { strikes }]) => strikes(setting));
  return possible.flatMap(([name, { weight = 1 }]) => Array.from({ length: weight }, () => name as FaultName));
}

/** Whether an error is one that the fault may cause. */
export function mayCause(fault: FaultName, way: WayName, code: string): boolean {
  const { codes }: FaultKind = FAULTS[fault];
  return [...(codes[way] ?? []), ...(codes.any ?? [])].some((one) => one === code);
}
