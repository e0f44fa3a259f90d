/**
 * How long a program keeps its event loop from turning. A timer looks every few milliseconds; what its thread computed between two looks bounds
 * every single turn in between from above. Time of day tells what a user of this machine saw, and on a busy one mostly what others did.
 */

const TICK_MS = 5;

export interface LongestTurn {
  /** CPU milliseconds of the program's own thread. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Watches from now on; the function that is returned ends it. */
export function watchTurns(): () => LongestTurn {
  let longest: LongestTurn = { cpuMs: 0, wallMs: 0 };
  let last = now();
  const look = (): void => {
    const { cpuMs, wallMs } = now();
    longest = {
      cpuMs: Math.max(longest.cpuMs, cpuMs - last.cpuMs),
      wallMs: Math.max(longest.wallMs, wallMs - last.wallMs - TICK_MS),
    };
    last = { cpuMs, wallMs };
  };
  const timer = setInterval(look, TICK_MS);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

function now(): LongestTurn {
  const { user, system } = process.threadCpuUsage();
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() };
}
