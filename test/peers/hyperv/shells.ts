/**
 * The remote shell of one listener ([MS-WSMV] 3.1.4): shells, commands in them, standard input in pieces, output in pieces, signals. What a
 * command does is another's business (`Run`). Output that was told once is gone, also when its answer got lost.
 */
import { randomUUID } from 'node:crypto';
import { child, type Element, FAULTS, RESOURCE, SHELL, TRANSFER, type WsmanFault, type WsmanRequest } from './envelope.ts';
import type { Weather } from './weather.ts';

export interface CommandLine {
  readonly program: string;
  /** As one text. */
  readonly args: string;
  /** Without cmd.exe. */
  readonly direct: boolean;
  /** Standard input is a console, not a pipe. */
  readonly console: boolean;
}

export interface Ended {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

/** Undefined where the command wants its whole standard input first, which is not there yet. */
export type Run = (command: CommandLine, stdin: Buffer | undefined) => Promise<Ended> | undefined;

export interface Quotas {
  /** MaxShellsPerUser; 30 when absent. */
  readonly shells?: number;
  /** MaxProcessesPerShell; 25 when absent. */
  readonly processes?: number;
  /** Milliseconds, by which shells that nobody uses grow old; the machine's own clock when absent. */
  readonly now?: () => number;
}

/** An answer's action and body, or a fault. */
export type Outcome = { readonly action: string; readonly body: string } | WsmanFault;

interface Command {
  readonly line: CommandLine;
  readonly input: Buffer[];
  ended?: Ended;
  told: { stdout: number; stderr: number };
  terminated: boolean;
  readonly waiting: Set<() => void>;
}

interface Shell {
  readonly user: string;
  readonly commands: Map<string, Command>;
  /** Milliseconds without a request after which it is taken away. */
  readonly patience: number;
  usedAt: number;
}

/** `IdleTimeout` of the service, where a shell says nothing else. */
const IDLE_MS = 7_200_000;

/** The command line of cmd.exe is no longer than this. */
const CMD_LINE = 8191;
const ENVELOPE_ROOM = 4096;

export class Shells {
  readonly #run: Run;
  readonly #quotas: Quotas;
  readonly #weather: Weather;
  readonly #shells = new Map<string, Shell>();
  /** Shells that were ever opened. */
  opened = 0;

  constructor(run: Run, quotas: Quotas, weather: Weather) {
    this.#run = run;
    this.#quotas = quotas;
    this.#weather = weather;
  }

  /** Shells that nobody has deleted. */
  get open(): number {
    return this.#shells.size;
  }

  /** All shells are gone, as after a restart of the service. */
  clear(): void {
    for (const shell of this.#shells.values()) this.#end(shell);
    this.#shells.clear();
  }

  async handle(request: WsmanRequest, user: string): Promise<Outcome> {
    if (request.resource !== RESOURCE) return FAULTS.invalidResource;
    if (request.action === `${TRANSFER}/Create`) return this.#create(request, user);
    const id = request.selectors.get('ShellId')?.toUpperCase() ?? '';
    if (this.#weather.take('shell-gone')) this.#shells.delete(id);
    const shell = this.#shells.get(id);
    if (!shell || shell.user !== user) return FAULTS.shellNotFound;
    shell.usedAt = this.#now();
    switch (request.action) {
      case `${TRANSFER}/Delete`:
        this.#end(shell);
        this.#shells.delete(id);
        return { action: `${TRANSFER}/DeleteResponse`, body: '' };
      case `${SHELL}/Command`:
        return this.#command(shell, request);
      case `${SHELL}/Send`:
        return this.#send(shell, request);
      case `${SHELL}/Receive`:
        return await this.#receive(shell, request);
      case `${SHELL}/Signal`:
        return this.#signal(shell, request);
      default:
        return FAULTS.malformed;
    }
  }

  #now(): number {
    return this.#quotas.now?.() ?? Date.now();
  }

  /** Shells that nobody has used for long. */
  #sweep(): void {
    for (const [id, shell] of this.#shells) {
      if (this.#now() - shell.usedAt <= shell.patience) continue;
      this.#end(shell);
      this.#shells.delete(id);
    }
  }

  #create(request: WsmanRequest, user: string): Outcome {
    if (this.#weather.take('quota')) return FAULTS.tooManyShells;
    this.#sweep();
    const mine = [...this.#shells.values()].filter((shell) => shell.user === user);
    if (mine.length >= (this.#quotas.shells ?? 30)) return FAULTS.tooManyShells;
    if (request.body?.name !== 'Shell') return FAULTS.malformed;
    const id = randomUUID().toUpperCase();
    const seconds = /^PT(\d+(?:\.\d+)?)S$/.exec(child(request.body, 'IdleTimeOut')?.text ?? '')?.[1];
    const patience = seconds === undefined ? IDLE_MS : Number(seconds) * 1000;
    this.#shells.set(id, { user, commands: new Map(), patience, usedAt: this.#now() });
    this.opened += 1;
    const created = `<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>${RESOURCE}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`;
    const shell = `<rsp:Shell><rsp:ShellId>${id}</rsp:ShellId><rsp:ResourceUri>${RESOURCE}</rsp:ResourceUri><rsp:Owner>${user.replaceAll('&', '&amp;')}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:IdleTimeOut>PT${(patience / 1000).toFixed(3)}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`;
    return { action: `${TRANSFER}/CreateResponse`, body: `${created}${shell}` };
  }

  #command(shell: Shell, { body, options }: WsmanRequest): Outcome {
    const program = child(body, 'Command')?.text;
    if (body?.name !== 'CommandLine' || program === undefined) return FAULTS.malformed;
    if (shell.commands.size >= (this.#quotas.processes ?? 25)) return FAULTS.tooManyOperations;
    const args = body.children.filter(({ name }) => name === 'Arguments').map(({ text }) => text);
    const is = (option: string, absent: string): boolean => (options.get(option) ?? absent).toUpperCase() === 'TRUE';
    const line = {
      program,
      args: args.join(' '),
      direct: is('WINRS_SKIP_CMD_SHELL', 'FALSE'),
      console: is('WINRS_CONSOLEMODE_STDIN', 'TRUE'),
    };
    const id = (body.attributes.get('CommandId') || randomUUID()).toUpperCase();
    const command: Command = { line, input: [], told: { stdout: 0, stderr: 0 }, terminated: false, waiting: new Set() };
    shell.commands.set(id, command);
    if (!line.direct && program.length + args.join(' ').length + 1 > CMD_LINE) {
      command.ended = { stdout: Buffer.alloc(0), stderr: Buffer.from('The command line is too long.\r\n'), exitCode: 1 };
    } else this.#go(command, undefined);
    const answer = `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`;
    return { action: `${SHELL}/CommandResponse`, body: answer };
  }

  #send(shell: Shell, { body }: WsmanRequest): Outcome {
    const streams = body?.children.filter(({ name }) => name === 'Stream') ?? [];
    for (const stream of streams) {
      const command = find(shell, stream);
      if (!command || stream.attributes.get('Name') !== 'stdin') return FAULTS.malformed;
      if (command.terminated) return FAULTS.aborted;
      command.input.push(Buffer.from(stream.text, 'base64'));
      if (stream.attributes.get('End')?.toLowerCase() === 'true') this.#go(command, Buffer.concat(command.input));
    }
    return { action: `${SHELL}/SendResponse`, body: '<rsp:SendResponse/>' };
  }

  async #receive(shell: Shell, request: WsmanRequest): Promise<Outcome> {
    const wanted = child(request.body, 'DesiredStream');
    const command = find(shell, wanted);
    if (!wanted || !command) return FAULTS.malformed;
    if (this.#weather.take('operation-timeout')) return FAULTS.timedOut;
    if (!command.ended && !command.terminated) await something(command, request.timeout);
    if (command.terminated) return FAULTS.aborted;
    if (!command.ended) return FAULTS.timedOut;
    return { action: `${SHELL}/ReceiveResponse`, body: this.#output(command, command.ended, wanted, request.maximum) };
  }

  #signal(shell: Shell, { body }: WsmanRequest): Outcome {
    const id = body?.attributes.get('CommandId')?.toUpperCase() ?? '';
    const code = child(body, 'Code')?.text.trim();
    if (code !== `${SHELL}/signal/terminate` && code !== `${SHELL}/signal/ctrl_c`) return FAULTS.malformed;
    const command = shell.commands.get(id);
    if (command) {
      command.terminated = true;
      wake(command);
      shell.commands.delete(id);
    }
    return { action: `${SHELL}/SignalResponse`, body: '<rsp:SignalResponse/>' };
  }

  /** The next pieces of both streams, and the end once all is told. */
  #output(command: Command, ended: Ended, wanted: Element, maximum: number): string {
    const id = wanted.attributes.get('CommandId') ?? '';
    const names = (['stdout', 'stderr'] as const).filter((name) => wanted.text.includes(name));
    let room = Math.floor(((maximum - ENVELOPE_ROOM) * 3) / 4);
    const streams = names.map((name) => {
      const from = command.told[name];
      const piece = ended[name].subarray(from, from + Math.max(1, Math.min(this.#weather.pieceOfOutput(), room)));
      room -= piece.length;
      command.told[name] += piece.length;
      return piece.length === 0 ? '' : `<rsp:Stream Name="${name}" CommandId="${id}">${piece.toString('base64')}</rsp:Stream>`;
    });
    const state = `${SHELL}/CommandState`;
    const done = names.every((name) => command.told[name] === ended[name].length);
    const rest = done
      ? `${names.map((name) => `<rsp:Stream Name="${name}" CommandId="${id}" End="true"></rsp:Stream>`).join('')}<rsp:CommandState CommandId="${id}" State="${state}/Done"><rsp:ExitCode>${ended.exitCode}</rsp:ExitCode></rsp:CommandState>`
      : `<rsp:CommandState CommandId="${id}" State="${state}/Running"/>`;
    return `<rsp:ReceiveResponse>${streams.join('')}${rest}</rsp:ReceiveResponse>`;
  }

  #go(command: Command, stdin: Buffer | undefined): void {
    void this.#run(command.line, stdin)
      ?.catch((error: unknown) => ({ stdout: Buffer.alloc(0), stderr: Buffer.from(`simulator: ${String(error)}`), exitCode: 70 }))
      .then((ended) => {
        command.ended = ended;
        wake(command);
      });
  }

  #end(shell: Shell): void {
    for (const command of shell.commands.values()) {
      command.terminated = true;
      wake(command);
    }
  }
}

function find(shell: Shell, element: Element | undefined): Command | undefined {
  return shell.commands.get(element?.attributes.get('CommandId')?.toUpperCase() ?? '');
}

function wake(command: Command): void {
  for (const go of command.waiting) go();
  command.waiting.clear();
}

/** Until the command has ended, or so many ms. */
function something(command: Command, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      command.waiting.delete(go);
      resolve();
    }, ms);
    const go = (): void => {
      clearTimeout(timer);
      resolve();
    };
    command.waiting.add(go);
  });
}
