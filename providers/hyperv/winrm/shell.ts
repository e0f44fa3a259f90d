/**
 * Commands in a WinRS shell ([MS-WSMV] 3.1.4): one shell on the host for all of them, made when it is needed and made again when it is gone. The
 * process is started by the service itself (no cmd.exe between), reads its input from a pipe and ends; its output comes in pieces.
 */
import { MigrationError } from '../../../src/model/errors.ts';
import { ANSWER_LIMIT, type Ended } from '../scripts/answer.ts';
import { ACTION, type Request, SHELL } from './envelope.ts';
import { asMigrationError, Fault, isGone, isTimeout } from './faults.ts';
import { Output } from './output.ts';
import type { Service } from './service.ts';
import { Shared } from './shared.ts';
import { escapeXml, find, type XmlElement } from './xml.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: string;
}

/** Bytes of input in one message: with base64 and the envelope below 150 KiB, the least that services allow. */
const INPUT_BYTES = 96 * 1024;
/** What is left behind is tidied up, but nobody waits long for it. */
const TIDY_MS = 5_000;
/** Of a process that was killed nobody deletes the shell, and a host has room for 30 of one user; its own patience is two hours. */
const IDLE_SECONDS = 900;
const TERMINATE = `${SHELL}/signal/terminate`;

export class Shell implements AsyncDisposable {
  readonly #service: Service;
  readonly #limit: number;
  readonly #shell = new Shared<string>();

  /** @param limit bytes of output that a command may write */
  constructor(service: Service, limit = ANSWER_LIMIT) {
    this.#service = service;
    this.#limit = limit;
  }

  /** Makes the shell, if there is none. @throws MigrationError like `run` */
  async open(signal: AbortSignal): Promise<void> {
    await this.#translated(this.#made(signal));
  }

  /**
   * Runs a command to its end. A command that is given up is ended on the host too.
   * @throws MigrationError `source-busy`, `source-forbidden`, `source-refused`, `source-answer-broken`, and those of a connection; the signal's reason
   */
  async run(command: Command, signal: AbortSignal): Promise<Ended> {
    return await this.#translated(this.#run(command, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shell = await this.#shell.release();
    if (shell !== undefined) await quietly(this.#service.call({ action: ACTION.delete, shell }, tidying()));
  }

  async #run(command: Command, signal: AbortSignal): Promise<Ended> {
    const running = await this.#start(command, signal);
    try {
      const trouble = await this.#feed(running, command.input, signal);
      const ended = await this.#follow(running, signal);
      // A process may end before it has read everything: how it ended says more.
      if (trouble !== undefined && ended.exitCode === 0 && ended.stdout === '') throw trouble;
      return ended;
    } catch (error) {
      if (isGone(error)) await this.#shell.forget(running.shell);
      throw error;
    } finally {
      await quietly(this.#service.call(signalTo(running), tidying()));
    }
  }

  /** In a shell that is there; where that is gone, nothing has begun, and another one is made. */
  async #start(command: Command, signal: AbortSignal): Promise<Running> {
    const shell = await this.#made(signal);
    try {
      return await this.#begin(shell, command, signal);
    } catch (error) {
      if (!isGone(error)) throw error;
      await this.#shell.forget(shell);
      return await this.#begin(await this.#made(signal), command, signal);
    }
  }

  async #begin(shell: string, { program, args }: Command, signal: AbortSignal): Promise<Running> {
    const words = [
      `<rsp:Command>${escapeXml(program)}</rsp:Command>`,
      ...args.map((arg) => `<rsp:Arguments>${escapeXml(arg)}</rsp:Arguments>`),
    ];
    const options = { WINRS_CONSOLEMODE_STDIN: 'FALSE', WINRS_SKIP_CMD_SHELL: 'TRUE' };
    const body = `<rsp:CommandLine>${words.join('')}</rsp:CommandLine>`;
    const answer = await this.#service.call({ action: ACTION.command, shell, options, body }, signal);
    return { shell, id: this.#told(answer, 'CommandId') };
  }

  /** What went wrong while the process was fed, if it was the process. */
  async #feed(running: Running, input: string, signal: AbortSignal): Promise<Fault | undefined> {
    const bytes = Buffer.from(input, 'utf8');
    try {
      for (let at = 0, last = false; !last; at += INPUT_BYTES) {
        last = at + INPUT_BYTES >= bytes.length;
        const piece = bytes.subarray(at, at + INPUT_BYTES).toString('base64');
        const stream = `<rsp:Stream Name="stdin" CommandId="${escapeXml(running.id)}"${last ? ' End="true"' : ''}>${piece}</rsp:Stream>`;
        await this.#service.call({ action: ACTION.send, shell: running.shell, body: `<rsp:Send>${stream}</rsp:Send>` }, signal);
      }
      return undefined;
    } catch (error) {
      if (error instanceof Fault && !isGone(error)) return error;
      throw error;
    }
  }

  async #follow({ shell, id }: Running, signal: AbortSignal): Promise<Ended> {
    const output = new Output(this.#limit, this.#service.host);
    const body = `<rsp:Receive><rsp:DesiredStream CommandId="${escapeXml(id)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`;
    for (;;) {
      try {
        const answer = await this.#service.call({ action: ACTION.receive, shell, body }, signal);
        const ended = output.take(answer, id);
        if (ended !== undefined) return ended;
      } catch (error) {
        // Nothing was written for a while.
        if (!isTimeout(error)) throw error;
      }
    }
  }

  async #made(signal: AbortSignal): Promise<string> {
    return await this.#shell.get(() => this.#create(signal));
  }

  async #create(signal: AbortSignal): Promise<string> {
    const request: Request = {
      action: ACTION.create,
      options: { WINRS_NOPROFILE: 'TRUE', WINRS_CODEPAGE: '65001' },
      body: `<rsp:Shell><rsp:IdleTimeOut>PT${IDLE_SECONDS}.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
    };
    const answer = await this.#service.call(request, signal);
    return find(answer, 'ShellId')?.text.trim() || this.#told(answer, 'Selector');
  }

  #told(answer: XmlElement, name: string): string {
    const text = find(answer, name)?.text.trim() ?? '';
    if (text !== '') return text;
    throw new MigrationError('source-answer-broken', `WinRM on ${this.#service.host} answered without ${name}`, {
      file: this.#service.host,
    });
  }

  async #translated<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      throw asMigrationError(error, this.#service.host);
    }
  }
}

interface Running {
  readonly shell: string;
  readonly id: string;
}

function signalTo({ shell, id }: Running): Request {
  return {
    action: ACTION.signal,
    shell,
    body: `<rsp:Signal CommandId="${escapeXml(id)}"><rsp:Code>${TERMINATE}</rsp:Code></rsp:Signal>`,
  };
}

function tidying(): AbortSignal {
  return AbortSignal.timeout(TIDY_MS);
}

/** For what is good to do and nobody's trouble when it fails. */
async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
