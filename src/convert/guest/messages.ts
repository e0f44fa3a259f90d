/** What virt-v2v tells of a run, message by message, in our words. */
import type { ConversionProgress } from '../../contracts/guest-converter.ts';
import type { ConversionChange, ConversionPhase } from '../../model/conversion.ts';

export interface V2vOutcome {
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
  readonly seconds: readonly { readonly phase: ConversionPhase; readonly seconds: number }[];
}

/** Its steps in our words; what none of them begins is a part of the last one. */
const PHASES: readonly (readonly [RegExp, ConversionPhase])[] = [
  [/^(Setting up|Opening) the source/, 'open'],
  [/^Inspecting the source|^Checking for sufficient free disk space/, 'inspect'],
  [/^Converting /, 'convert'],
  [/^Mapping filesystem data|^Closing the overlay|^Checking if the guest needs|^Finishing off/, 'finish'],
];

/** What virt-v2v (2.2, seen with Debian) says of a boot loader that it cannot mend: it is ours to mend, and to tell. */
const OURS = /UEFI bootloader|No UEFI fix rule/;

const MAX_REMARKS = 100;
const REMARK_LIMIT = 2_000;

/** Reads the messages of a run as they come. */
export class MessageWatch {
  readonly warnings: string[] = [];
  error: string | undefined;
  readonly #onProgress: (progress: ConversionProgress) => void;
  readonly #now: () => number;
  readonly #seconds: { phase: ConversionPhase; seconds: number }[] = [];
  readonly #infos: string[] = [];
  #phase: ConversionPhase = 'open';
  #since: number;
  #guest: string | undefined;

  constructor(onProgress: (progress: ConversionProgress) => void, now: () => number = () => performance.now()) {
    this.#onProgress = onProgress;
    this.#now = now;
    this.#since = now();
  }

  take(line: string): void {
    const message = readMessage(line);
    if (message === undefined) return;
    const { type, text } = message;
    if (type === 'error') this.error = text;
    if (type === 'warning' && this.warnings.length < MAX_REMARKS) this.warnings.push(flat(text));
    if (type === 'info' && !OURS.test(text) && this.#infos.length < MAX_REMARKS) this.#infos.push(flat(text));
    if (type === 'message') this.#step(text);
  }

  outcome(): V2vOutcome {
    this.#close();
    const guest = this.#guest;
    const system: ConversionChange = {
      subject: 'system',
      what: 'virt-v2v made drivers, boot loader and initial RAM disk ready for virtio devices.',
    };
    const told = this.#infos.map((what): ConversionChange => ({ subject: /agent/i.test(what) ? 'tools' : 'system', what }));
    return {
      ...(guest === undefined ? {} : { guest }),
      changes: [system, ...told],
      warnings: this.warnings,
      seconds: this.#seconds,
    };
  }

  #step(text: string): void {
    const phase = PHASES.find(([begins]) => begins.test(text))?.[1];
    if (phase !== undefined && phase !== this.#phase) {
      this.#close();
      this.#phase = phase;
    }
    const guest = /^Converting (.+) to run on KVM$/.exec(text)?.[1];
    if (guest !== undefined && guest !== 'the guest') this.#guest = flat(guest);
    // What follows names files of ours.
    this.#onProgress({ phase: this.#phase, text: flat(text.replace(/^(Setting up the source):.*$/s, '$1')) });
  }

  #close(): void {
    const now = this.#now();
    this.#seconds.push({ phase: this.#phase, seconds: Math.round((now - this.#since) / 100) / 10 });
    this.#since = now;
  }
}

function readMessage(line: string): { readonly type: string; readonly text: string } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { type, message } = parsed as Readonly<Record<string, unknown>>;
  return typeof type === 'string' && typeof message === 'string' ? { type, text: message } : undefined;
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, REMARK_LIMIT);
}
