/** Whole processes against each other: every round runs each case once, so that the machine's moods meet all of them alike. */
import { spawn } from 'node:child_process';

export interface Case {
  /** Not timed: makes the ground ready. */
  readonly prepare: () => Promise<void>;
  /** Timed, one program after the other. */
  readonly commands: readonly Command[];
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Name under which the time from the start of the case to the end of this command is kept. */
  readonly lap?: string;
  /** Name under which its CPU seconds, with those of what it started, are kept. */
  readonly cpuLap?: string;
  /** Seconds after which it is stopped, with all that it started. Its lap is then as long as that. */
  readonly limit?: number;
}

/** Seconds of each round, by lap. */
export type Timings = ReadonlyMap<string, readonly number[]>;

/** Runs `rounds` rounds, every other one in reverse order. */
export async function interleave(cases: readonly Case[], rounds: number, onRound: (round: number) => void): Promise<Timings> {
  const timings = new Map<string, number[]>();
  for (const { lap, cpuLap } of cases.flatMap(({ commands }) => commands)) {
    for (const name of [lap, cpuLap]) if (name !== undefined) timings.set(name, []);
  }
  for (let round = 0; round < rounds; round += 1) {
    onRound(round);
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      for (const [lap, seconds] of await time(one)) timings.get(lap)?.push(seconds);
    }
  }
  return timings;
}

async function time({ prepare, commands }: Case): Promise<ReadonlyMap<string, number>> {
  await prepare();
  const laps = new Map<string, number>();
  const start = performance.now();
  for (const command of commands) {
    const cpu = await runCommand(command);
    if (command.cpuLap !== undefined) laps.set(command.cpuLap, cpu);
    if (command.lap !== undefined) laps.set(command.lap, (performance.now() - start) / 1000);
  }
  return laps;
}

/** How `timeout` of coreutils ends when it had to kill. */
const STOPPED = 128 + 9;

/** Runs a program, and then tells what it and its children used. Only a shell does so without another program to install. */
const AND_TIMES = '"$@" >/dev/null && times';

/**
 * @returns CPU seconds, user and system; 0 when it was stopped
 * @throws Error with what the program said when it fails
 */
export async function runCommand({ program, args, env = {}, limit }: Command): Promise<number> {
  const limited = limit === undefined ? [program, ...args] : ['timeout', '--signal=KILL', String(limit), program, ...args];
  const child = spawn('sh', ['-c', AND_TIMES, 'sh', ...limited], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let told = '';
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-4000);
  });
  child.on('error', reject);
  child.on('close', (code, signal) => {
    const stopped = limit !== undefined && (code === STOPPED || signal === 'SIGKILL');
    if (code === 0 || stopped) resolve();
    else reject(new Error(`${program} ${args.join(' ')} failed (${code}): ${said}`));
  });
  await promise;
  return childSeconds(told);
}

/** The second line of `times` is about children: `0m1.230000s 0m0.450000s`. */
function childSeconds(told: string): number {
  const words = told.split('\n')[1]?.matchAll(/(\d+)m([\d.]+)s/g) ?? [];
  return [...words].reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** The middle value; the mean of the two middle ones for an even count; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}
