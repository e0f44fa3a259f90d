/** Power of a VM. The guest is asked first; what follows when it does not answer is the caller's policy. */
import type { Clock } from '../../src/contracts/clock.ts';
import type { PowerControl, PowerOffOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { PowerState, VmRef } from '../../src/model/vm.ts';
import { powerState } from './inventory/index.ts';
import { explain, failedWith } from './trouble.ts';
import type { Whereabouts } from './whereabouts.ts';

/** The host needs a moment to let go of the files. */
const TURN_OFF_SECONDS = 60;
const FIRST_LOOK_MS = 500;
/** Each look starts a process on the host. */
const LOOK_MS = 5000;
/** Windows installs updates while it shuts down; five minutes is what most guests need at worst. */
const DEFAULT: PowerOffOptions = { graceSeconds: 300, otherwise: 'fail' };

type Action = 'state' | 'shutdown' | 'turn-off' | 'start';

export function powerControl(whereabouts: Whereabouts, clock: Clock): PowerControl {
  const power = new Power(whereabouts, clock);
  return {
    state: (vm, signal) => power.state(vm, signal),
    powerOff: (vm, signal, options = DEFAULT) => power.off(vm, options, signal),
    powerOn: async (vm, signal) => {
      if ((await power.state(vm, signal)) !== 'on') await power.act(vm, 'start', signal);
    },
  };
}

class Power {
  readonly #whereabouts: Whereabouts;
  readonly #clock: Clock;

  constructor(whereabouts: Whereabouts, clock: Clock) {
    this.#whereabouts = whereabouts;
    this.#clock = clock;
  }

  async state(vm: VmRef, signal: AbortSignal): Promise<PowerState> {
    return await this.act(vm, 'state', signal);
  }

  /** @returns the state after it */
  async act(vm: VmRef, action: Action, signal: AbortSignal): Promise<PowerState> {
    try {
      const { answer } = await this.#whereabouts.run(vm, 'power', { vm: vm.id, action }, signal);
      const state = powerState(answer.state);
      if (state !== undefined) return state;
      throw new MigrationError('source-busy', `VM ${vm.name} is in state ${answer.state}`, { vm: vm.name });
    } catch (error) {
      throw explain(error, {
        what: `The power of VM ${vm.name} cannot be ${action === 'state' ? 'told' : 'changed'}`,
        vm: vm.name,
      });
    }
  }

  async off(vm: VmRef, options: PowerOffOptions, signal: AbortSignal): ReturnType<PowerControl['powerOff']> {
    const { graceSeconds, otherwise } = options;
    const state = await this.state(vm, signal);
    if (state === 'off') return 'was-off';
    const refused = state === 'suspended' ? 'it is saved or paused: what is in its memory would be lost' : undefined;
    const asked = graceSeconds > 0 && refused === undefined ? await this.#askGuest(vm, signal) : refused;
    if (graceSeconds > 0 && asked === undefined) {
      if (await this.#waitForOff(vm, graceSeconds, signal)) return 'guest-shutdown';
      if (otherwise === 'fail') {
        const why = `VM ${vm.name} did not shut down within ${graceSeconds} seconds`;
        throw new MigrationError('guest-shutdown-timeout', why, { vm: vm.name });
      }
    }
    if (otherwise === 'fail') {
      const why = `VM ${vm.name} cannot be shut down: ${asked ?? 'no time was given'}`;
      throw new MigrationError('guest-not-reachable', why, { vm: vm.name });
    }
    await this.act(vm, 'turn-off', signal);
    if (await this.#waitForOff(vm, TURN_OFF_SECONDS, signal)) return 'forced';
    throw new MigrationError('source-busy', `The power of VM ${vm.name} was cut, and it is not off`, { vm: vm.name });
  }

  /** Why the guest cannot be asked; undefined when it was. */
  async #askGuest(vm: VmRef, signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.#whereabouts.run(vm, 'power', { vm: vm.id, action: 'shutdown' }, signal);
      return undefined;
    } catch (error) {
      if (failedWith(error, 'guest-not-reachable'))
        return 'its guest has no shutdown service that answers (integration services)';
      throw explain(error, { what: `VM ${vm.name} cannot be shut down`, vm: vm.name });
    }
  }

  async #waitForOff(vm: VmRef, seconds: number, signal: AbortSignal): Promise<boolean> {
    const deadline = this.#clock.now() + seconds * 1000;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LOOK_MS)) {
      if ((await this.state(vm, signal)) === 'off') return true;
      const left = deadline - this.#clock.now();
      if (left <= 0) return false;
      await this.#clock.sleep(Math.min(pause, left), signal);
    }
  }
}
