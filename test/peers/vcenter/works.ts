/** Calls that make tasks: passed on with an effect of ours, ended later, or ended with an error that the simulator does not know. */
import { virtualMachine } from './hardware.ts';
import { type Answer, answer, type Reference, returned, type SoapCall } from './soap.ts';
import type { TaskError, Tasks } from './tasks.ts';
import type { Upstream } from './upstream.ts';

/** Tasks that end with an error. */
export interface Refusal extends TaskError {
  /** `CreateSnapshot_Task`, `PowerOnVM_Task`, ... */
  readonly operation: string;
  /** How many in a row; 1 when absent. */
  readonly times?: number;
}

/** Passes a call on to the simulator. */
export type Forward = () => Promise<Answer>;

interface Parts {
  readonly upstream: Upstream;
  readonly tasks: Tasks;
  /** ms by operation. */
  readonly slow: Readonly<Record<string, number>>;
  /** Id of the VM that an object is, or belongs to. */
  readonly vmOf: (object: string) => string;
}

const NO_CHANGE = '<spec></spec>';

export class Works {
  readonly #parts: Parts;
  readonly #refusals: { readonly vm: string; readonly refusal: Refusal; left: number }[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The next tasks of that kind on this VM end with an error. */
  refuse(vm: string, refusal: Refusal): void {
    this.#refusals.push({ vm, refusal, left: refusal.times ?? 1 });
  }

  /** The task with the error that is due; undefined where none is. */
  async refused(call: SoapCall): Promise<Answer | undefined> {
    const vm = this.#parts.vmOf(call.self.id);
    const due = this.#refusals.find((entry) => entry.vm === vm && entry.left > 0 && entry.refusal.operation === call.operation);
    if (!due) return undefined;
    due.left -= 1;
    return this.failed(call, due.refusal);
  }

  /** Passes a call on that makes a task, and lets its effect happen before clients see the task's end. */
  async task(call: SoapCall, forward: Forward, effect: (result: string) => void): Promise<Answer> {
    const made = await forward();
    if (made.status !== 200) return made;
    const task = returned(String(made.body));
    const result = await this.#parts.upstream.result(task).catch(() => undefined);
    if (result !== undefined) this.finish(call.operation, task, () => effect(result));
    return made;
  }

  /** The end of a task, now or when its time has passed. */
  finish(operation: string, task: string, effect: () => void): void {
    const slow = this.#parts.slow[operation];
    if (slow === undefined) effect();
    else this.#parts.tasks.hold(task, slow, effect);
  }

  /** A task of the simulator that does nothing. */
  async carrier(object: Reference): Promise<string> {
    const { upstream, vmOf } = this.#parts;
    const task = returned(await upstream.call('ReconfigVM_Task', virtualMachine(vmOf(object.id)), NO_CHANGE));
    await upstream.result(task);
    return task;
  }

  async failed(call: SoapCall, error: TaskError): Promise<Answer> {
    const task = await this.carrier(call.self);
    this.#parts.tasks.fail(task, error);
    return answer(call.operation, `<returnval type="Task">${task}</returnval>`);
  }
}
