/**
 * What runs on a host when somebody is logged in: the shipped scripts, and `hostname` for clients that know nothing of us. WinRM's shells and
 * an SSH server may both stand in front of it.
 */
import type { Answers } from './answers.ts';
import { Refusal } from './machine.ts';
import type { Scripts, Told } from './scripts.ts';
import type { CommandLine, Ended } from './shells.ts';
import type { Node } from './system.ts';
import type { Weather } from './weather.ts';

/** A script that ran, or was to. */
export interface Ran {
  readonly host: string;
  readonly script: string;
  readonly input: unknown;
  /** Code that it failed with. */
  failed?: string;
}

export interface ConsoleParts {
  readonly node: Node;
  readonly scripts: Scripts;
  readonly answers: Answers;
  readonly weather: Weather;
  /** Before each script: time passes. */
  readonly passes: () => Promise<void>;
  readonly ran: Ran[];
  /** What was refused, and why. */
  readonly refused: string[];
}

const PROGRESS =
  '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj></Objs>';
const ERROR_RECORD =
  '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S S="Error">Das Modul wurde nicht geladen, da kein g\u00fcltiges Modul gefunden wurde._x000D__x000A_</S></Objs>';
const NONE = Buffer.alloc(0);

export class Console {
  readonly #parts: ConsoleParts;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
  }

  /** Undefined where it waits for the end of its standard input. */
  run(line: CommandLine, stdin: Buffer | undefined): Promise<Ended> | undefined {
    const { scripts, node } = this.#parts;
    if (line.program.toLowerCase() === 'hostname' && line.args === '')
      return stdin === undefined
        ? Promise.resolve({ stdout: Buffer.from(`${node.name}\r\n`), stderr: NONE, exitCode: 0 })
        : undefined;
    if (!scripts.isBootstrap(line))
      return stdin === undefined ? this.#refuse(`the command ${line.program} is not the shipped one`) : undefined;
    if (stdin === undefined) return undefined;
    // A console hands a program lines of limited length.
    if (line.console)
      return this.#refuse('a script of several thousand characters came through a console (WINRS_CONSOLEMODE_STDIN)');
    let told: Told;
    try {
      told = scripts.read(stdin);
    } catch (error) {
      return this.#refuse(error instanceof Error ? error.message : String(error));
    }
    return this.#script(told);
  }

  async #script({ script, input }: Told): Promise<Ended> {
    const { answers, node, weather, passes, ran, refused } = this.#parts;
    const entry: Ran = { host: node.name, script, input };
    ran.push(entry);
    await passes();
    let document: unknown;
    try {
      document = await answers.answer(node, script, input);
    } catch (error) {
      if (!(error instanceof Refusal)) {
        refused.push(`${script}: ${String(error)}`);
        throw error;
      }
      entry.failed = error.code;
      const message = weather.take('localized')
        ? 'Der Vorgang ist fehlgeschlagen: \u201e\u00dcberpr\u00fcfung\u201c \u5931\u6557'
        : error.message;
      const { code, jobError } = error;
      document = { failed: { code, message, category: 'NotSpecified', errorId: 'RuntimeException', jobError: jobError ?? null } };
    }
    const text = ascii(JSON.stringify(document));
    const said = weather.take('truncated') ? text.slice(0, Math.floor(text.length / 2)) : text;
    const stderr = Buffer.from(weather.take('noise') ? ERROR_RECORD : PROGRESS);
    return { stdout: Buffer.from(said), stderr, exitCode: entry.failed === undefined ? 0 : 1 };
  }

  #refuse(why: string): Promise<Ended> {
    this.#parts.refused.push(why);
    return Promise.resolve({ stdout: NONE, stderr: Buffer.from(`simulator: ${why}\r\n`), exitCode: 1 });
  }
}

function ascii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
