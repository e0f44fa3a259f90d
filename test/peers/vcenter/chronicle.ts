/**
 * What happened, in one order for all machines: power, snapshots, troubles, and whatever a test adds of its own, such as the power of its target
 * VMs. Questions about "before", "again" and "never both" are asked here; no wall clock is involved.
 */

export interface Happening {
  /** From 1, one more for each. */
  readonly order: number;
  /** Managed object id of a source VM, or what the test calls its own. */
  readonly machine: string;
  /** `on` and `off` count as power; anything else is told for people. */
  readonly what: string;
  /** A client of the API, the guest itself, somebody else (another administrator, a backup program, the infrastructure), or the test. */
  readonly by: 'client' | 'guest' | 'somebody' | 'test';
}

export class Chronicle {
  readonly all: Happening[] = [];

  note(machine: string, what: string, by: Happening['by']): Happening {
    const happening = { order: this.all.length + 1, machine, what, by };
    this.all.push(happening);
    return happening;
  }

  of(machine: string): readonly Happening[] {
    return this.all.filter((entry) => entry.machine === machine);
  }

  /** Whether a machine was on, now or right after what has that order number. Unknown machines are off. */
  isOn(machine: string, order = this.all.length): boolean {
    return this.all.slice(0, order).findLast((entry) => entry.machine === machine && isPower(entry))?.what === 'on';
  }

  /** The moments at which two machines came to be on together; none when they never were. */
  together(one: string, other: string): readonly Happening[] {
    return this.all.filter(
      ({ machine, what, order }) =>
        what === 'on' && (machine === one || machine === other) && this.isOn(machine === one ? other : one, order),
    );
  }

  /** How often a machine was powered on again after it had been off. */
  timesOnAgain(machine: string): number {
    const power = this.of(machine).filter(isPower);
    return power.filter(({ what }, at) => what === 'on' && power[at - 1]?.what === 'off').length;
  }

  /** One line each, for the message of a failed test. */
  toString(): string {
    return this.all.map(({ order, machine, what, by }) => `${order} ${machine} ${what} (${by})`).join('\n');
  }
}

function isPower({ what }: Happening): boolean {
  return what === 'on' || what === 'off';
}
