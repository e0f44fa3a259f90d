/**
 * Versions of an update stream as a vCenter keeps them, in place of the simulator's constant: each answer has a number of its own, the last
 * but one may be asked for again (its answer was lost on the way) and is answered the same, any other is an InvalidCollectorVersion.
 */
import { type Answer, argument, fault, type SoapCall } from './soap.ts';

export interface UpdateRules {
  /** Objects in one answer at most, however many the client allows; as many as it allows when absent. */
  readonly mostUpdates?: number;
}

interface Stream {
  number: number;
  /** What the simulator calls its newest version. */
  upstream: string;
  /** The last answer, which began at the version before. */
  last?: Answer;
}

export class Versions {
  readonly #streams = new Map<string, Stream>();
  readonly #rules: UpdateRules;
  #epoch = 0;

  constructor(rules: UpdateRules = {}) {
    this.#rules = rules;
  }

  /** Numbers begin elsewhere, as after a restart of the service. */
  restart(): void {
    this.#streams.clear();
    this.#epoch += 1000;
  }

  /** What to pass on to the simulator, or the answer that needs no simulator. */
  ask(session: string, asked: SoapCall): SoapCall | Answer {
    const call = this.#bounded(asked);
    const version = argument(call, 'version') ?? '';
    if (version === '') return call;
    const stream = this.#streams.get(key(session, call));
    if (stream && Number(version) === stream.number)
      return { ...call, text: call.text.replace(`>${version}<`, `>${stream.upstream}<`) };
    if (stream?.last && Number(version) === stream.number - 1) return stream.last;
    return fault('InvalidCollectorVersion', { message: 'The version is not valid for this collector.' });
  }

  #bounded(call: SoapCall): SoapCall {
    const { mostUpdates } = this.#rules;
    if (mostUpdates === undefined) return call;
    const text = call.text.replace(/<maxObjectUpdates>\d+/, `<maxObjectUpdates>${mostUpdates}`);
    return { ...call, text };
  }

  /** The answer with our version in place of the simulator's. */
  told(session: string, call: SoapCall, text: string): string {
    const upstream = /<version>([^<]*)<\/version>/.exec(text)?.[1];
    if (upstream === undefined) return text;
    const id = key(session, call);
    const stream = this.#streams.get(id) ?? { number: this.#epoch, upstream };
    stream.number += 1;
    stream.upstream = upstream;
    const told = text.replace(/<version>[^<]*<\/version>/, `<version>${stream.number}</version>`);
    stream.last = { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: told };
    this.#streams.set(id, stream);
    return told;
  }
}

function key(session: string, call: SoapCall): string {
  return `${session} ${call.self.id}`;
}
