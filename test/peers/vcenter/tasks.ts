/**
 * Tasks that end otherwise than the simulator's: later, or with an error. The simulator's tasks are over within milliseconds, so one of its own
 * carries each of ours, and what a client reads about it is changed on the way.
 */
import { encode } from './soap.ts';

export interface TaskError {
  readonly type: string;
  readonly message: string;
}

/** What one of the simulator's tasks stands for. */
export interface TaskRole {
  /** `TaskInfo.descriptionId` */
  readonly kind: string;
  /** Once it has ended. */
  result?: { readonly type: string; readonly id: string };
}

export class Tasks {
  readonly #held = new Map<string, Promise<void>>();
  readonly #errors = new Map<string, TaskError>();
  readonly #roles = new Map<string, TaskRole>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** The task runs for so many ms; then `done` happens, and then clients see its end. */
  hold(task: string, ms: number, done: () => void | Promise<void>): void {
    const end = new Promise<void>((resolve) => {
      const timer = setTimeout(async () => {
        this.#timers.delete(timer);
        await done();
        this.#held.delete(task);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
    this.#held.set(task, end);
  }

  play(task: string, role: TaskRole): void {
    this.#roles.set(task, role);
  }

  fail(task: string, error: TaskError): void {
    this.#errors.set(task, error);
  }

  /** Nobody waits any longer. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Waits for the end of every held task that an answer is about. */
  async settled(answer: string): Promise<void> {
    for (const [task, end] of this.#held) if (answer.includes(`<obj type="Task">${task}</obj>`)) await end;
  }

  /** What a client reads about a task. @param properties XML of the property values */
  rewrite(task: string, asSimulated: string): string {
    const role = this.#roles.get(task);
    const properties = role === undefined ? asSimulated : played(asSimulated, role);
    if (this.#held.has(task)) return running(properties);
    const error = this.#errors.get(task);
    return error ? failed(properties, error) : properties;
  }
}

function played(xml: string, { kind, result }: TaskRole): string {
  const named = xml
    .replace(/<descriptionId>[^<]*/, `<descriptionId>${kind}`)
    .replace(/(<name>info\.descriptionId<\/name>(?:<op>assign<\/op>)?<val[^>]*>)[^<]*/, `$1${kind}`);
  if (result === undefined) return named;
  const value = `<result type="${result.type}" xsi:type="ManagedObjectReference">${result.id}</result>`;
  return named.replace(/(<cancelable>[^<]*<\/cancelable>)/, `$1${value}`);
}

function running(xml: string): string {
  return xml
    .replace('<state>success</state>', '<state>running</state>')
    .replace(/<completeTime>[^<]*<\/completeTime>/, '')
    .replace(/<result\b[\s\S]*?<\/result>/, '')
    .replace(/(<name>info\.state<\/name>(?:<op>assign<\/op>)?<val[^>]*>)success/, '$1running')
    .replace(/<(propSet|changeSet)><name>info\.(?:result|completeTime)<\/name>[\s\S]*?<\/\1>/g, '');
}

function failed(xml: string, error: TaskError): string {
  const inner = `<fault xsi:type="${error.type}"></fault><localizedMessage>${encode(error.message)}</localizedMessage>`;
  const value = `<val xsi:type="LocalizedMethodFault">${inner}</val>`;
  const state = xml
    .replace('<state>success</state>', '<state>error</state>')
    .replace(/(<cancelable>[^<]*<\/cancelable>)/, `$1<error>${inner}</error>`)
    .replace(/(<name>info\.state<\/name>(?:<op>assign<\/op>)?<val[^>]*>)success/, '$1error')
    .replace(/<changeSet><name>info\.error<\/name>[\s\S]*?<\/changeSet>/, '');
  if (!state.includes('<name>info.state</name>')) return state;
  if (state.includes('<changeSet>')) return `${state}<changeSet><name>info.error</name><op>assign</op>${value}</changeSet>`;
  return `${state}<propSet><name>info.error</name>${value}</propSet>`;
}
