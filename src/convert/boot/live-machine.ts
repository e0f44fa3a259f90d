/** A machine while it runs: qemu with everything it needs beside it, and all ways to hear of the guest. Leaving it removes every trace. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BootFamily } from '../../model/boot-proof.ts';
import { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';
import { type RunningProgram, runProgram, startProgram } from '../guest/program.ts';
import { argvOf, type Forwards } from './argv.ts';
import { ConsoleText } from './console-text.ts';
import type { Seen } from './evidence.ts';
import { prepareFirmware } from './firmware.ts';
import { askAddresses, askSystem } from './guest-agent.ts';
import { isJson, type Json, JsonChannel } from './json-channel.ts';
import type { ProofMachine } from './machine.ts';
import { PacketLog } from './packets.ts';
import { Sight } from './sight.ts';
import { startTpm } from './tpm.ts';

export interface MachineOrder {
  readonly machine: ProofMachine;
  /** A folder of its own with room for what the guest writes. */
  readonly folder: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly forwards: Forwards;
}

/** Of the console, before the screen of a guest that has one is looked at. */
const QUIET_SECONDS = 10;
const KNOCK_MS = 2000;

export class LiveMachine implements AsyncDisposable {
  readonly differences: string[] = [];
  /** Port of 127.0.0.1 by port of the guest, by the index of its card. */
  readonly ports = new Map<number, ReadonlyMap<number, number>>();
  readonly #stop = new AbortController();
  readonly #console = new ConsoleText();
  /** Since something was typed. */
  #answer = this.#console;
  #keyboard: RunningProgram['stdin'] | undefined;
  #started = performance.now();
  readonly #order: MachineOrder;
  /** Sockets have short names: 108 characters with their folder. */
  readonly #sockets: string;
  readonly #logs: readonly PacketLog[];
  #qmp: JsonChannel | undefined;
  #agent: JsonChannel | undefined;
  #sight: Sight | undefined;
  #asked: Promise<void> | undefined;
  #system: string | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #exit: ProgramExit | undefined;
  #lastWord = performance.now();
  #resets = 0;
  #panicked = false;
  #poweredOff = false;
  #packets = { sent: 0, at: 0 };

  private constructor(order: MachineOrder, sockets: string) {
    this.#order = order;
    this.#sockets = sockets;
    this.#logs = order.machine.nics.map((_, index) => new PacketLog(this.#packetFile(index)));
  }

  /** @throws MigrationError `tool-missing`, `boot-machine-failed`, `canceled` */
  static async start(order: MachineOrder, signal: AbortSignal): Promise<LiveMachine> {
    const live = new LiveMachine(order, await mkdtemp(path.join(tmpdir(), 'kubeferry-boot-')));
    try {
      await live.#switchOn(AbortSignal.any([signal, live.#stop.signal]));
      return live;
    } catch (error) {
      await live[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #switchOn(signal: AbortSignal): Promise<void> {
    const { machine, folder, accelerator, forwards } = this.#order;
    const overlays = await Promise.all(machine.disks.map((disk, index) => this.#overlay(disk.path, index, signal)));
    const firmware = await prepareFirmware(machine.firmware, folder);
    const tpm = machine.tpm ? await startTpm(this.#sockets, folder, signal) : undefined;
    if (machine.tpm && tpm === undefined) this.differences.push('It had no TPM: the program swtpm is not installed.');
    const files = { qmp: path.join(this.#sockets, 'qmp'), agent: path.join(this.#sockets, 'agent') };
    const qmp = await JsonChannel.listen(files.qmp, (event) => this.#hear(event));
    this.#qmp = qmp;
    this.#sight = new Sight(qmp, folder);
    this.#agent = await JsonChannel.listen(files.agent, () => undefined);
    const argv = argvOf(
      machine,
      {
        ...files,
        overlays,
        packets: machine.nics.map((_, index) => this.#packetFile(index)),
        ...(firmware === undefined ? {} : { firmware }),
        ...(tpm === undefined ? {} : { tpm: tpm.socket }),
      },
      { accelerator, forwards },
    );
    const program = await startProgram('qemu-system-x86_64', argv, { signal });
    program.reports.resume();
    this.#keyboard = program.stdin;
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#console.add(text);
      if (this.#answer !== this.#console) this.#answer.add(text);
      this.#lastWord = performance.now();
    });
    const ended = program.ended.then((exit) => {
      this.#exit = exit;
      qmp.close();
    });
    this.#ended = Promise.all([ended, tpm?.ended]);
    await Promise.race([qmp.connected, ended]);
    this.check();
    await qmp.ask('qmp_capabilities');
    await this.#learnPorts();
    for (const [index, { linkUp }] of machine.nics.entries()) {
      if (!linkUp) await qmp.ask('set_link', { name: `card${index}`, up: false });
    }
    this.#started = performance.now();
    await qmp.ask('cont');
  }

  async #overlay(base: string | undefined, index: number, signal: AbortSignal): Promise<string | undefined> {
    if (base === undefined) return undefined;
    const overlay = path.join(this.#order.folder, `disk${index}.qcow2`);
    const argv = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', path.resolve(base), overlay];
    const { status, stderr } = await runProgram('qemu-img', argv, { signal });
    if (status === 0) return overlay;
    throw new MigrationError('boot-machine-failed', `No overlay can be made of the disk: ${stderr}`, { file: base });
  }

  /** qemu chose them; its monitor tells them to people only. */
  async #learnPorts(): Promise<void> {
    if (this.#order.forwards.size === 0) return;
    const table = await this.#qmp?.ask('human-monitor-command', { 'command-line': 'info usernet' });
    if (typeof table !== 'string') return;
    for (const network of table.split(/^(?=Hub )/m)) {
      const card = /\(nic(\d+)\)/.exec(network)?.[1];
      const lines = network.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)/g);
      if (card !== undefined)
        this.ports.set(Number(card), new Map([...lines].map(([, here, there]) => [Number(there), Number(here)])));
    }
  }

  #hear({ event, data }: Json): void {
    const facts = isJson(data) ? data : {};
    if (event === 'RESET' && facts['guest'] === true) this.#resets += 1;
    if (event === 'SHUTDOWN' && facts['guest'] === true) this.#poweredOff = true;
    if (event === 'GUEST_PANICKED') this.#panicked = true;
    if (event === 'VSERPORT_CHANGE' && facts['id'] === 'agent' && facts['open'] === true) this.#asked = this.#greet();
  }

  async #greet(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) return;
    try {
      this.#system = await askSystem(agent);
    } catch {
      // It went away again, with the guest or for an update; it opens its port anew when it is back.
    }
  }

  seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  console(): string {
    return this.#console.text();
  }

  /** Types a line on the serial console. Goes through a pipe, and is kept nowhere. */
  type(line: string): void {
    this.#answer = new ConsoleText();
    this.#lastWord = performance.now();
    this.#keyboard?.write(`${line}\n`);
  }

  /** @throws MigrationError `boot-machine-failed` when qemu has ended */
  check(): void {
    if (this.#exit === undefined) return;
    const said = this.#exit.stderr || `status ${this.#exit.status ?? 'unknown'}, without a word`;
    throw new MigrationError('boot-machine-failed', `qemu ended: ${said}`);
  }

  /** The screen of a Linux guest is looked at only when its console says nothing: it costs more. */
  async look(family: BootFamily): Promise<Seen> {
    await this.#readPackets();
    const now = this.seconds();
    const watches = family !== 'linux' || this.#quiet() > QUIET_SECONDS;
    if (watches && (await this.#sight?.look(now))) this.#knock();
    const address = this.#logs.flatMap((log) => [...log.addresses.values()].flatMap((each) => [...each])).at(0);
    return {
      console: this.#answer.text(),
      quiet: this.#quiet(),
      resets: this.#resets,
      panicked: this.#panicked,
      poweredOff: this.#poweredOff,
      ...(this.#system === undefined ? {} : { agent: this.#system }),
      ...(this.#packets.sent === 0 ? {} : { packetAge: now - this.#packets.at }),
      ...(address === undefined ? {} : { address }),
      ...this.#sight?.seen(),
    };
  }

  #quiet(): number {
    return (performance.now() - this.#lastWord) / 1000;
  }

  async #readPackets(): Promise<void> {
    for (const log of this.#logs) await log.read();
    const sent = this.#logs.reduce((sum, log) => sum + log.sent, 0);
    if (sent > this.#packets.sent) this.#packets = { sent, at: this.seconds() };
  }

  /** A guest that has nothing to say is asked: before a connection is forwarded to it, the network asks for its card's address, and it answers. */
  #knock(): void {
    for (const ports of this.ports.values()) {
      const [port] = ports.values();
      if (port === undefined) continue;
      const socket = connect({ host: '127.0.0.1', port, signal: this.#stop.signal });
      socket.on('error', () => undefined).setTimeout(KNOCK_MS, () => socket.destroy());
    }
  }

  /** Waits a little for an agent that has just come; gives what it says. */
  async linger(milliseconds: number, signal: AbortSignal): Promise<string | undefined> {
    await pause(milliseconds, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.#asked, pause(milliseconds, undefined, { signal }).catch(() => undefined)]);
    return this.#system;
  }

  /** Ports behind a card that accepted a connection. */
  async answering(card: number): Promise<ReadonlySet<number>> {
    await this.#readPackets();
    return this.#logs[card]?.answering ?? new Set();
  }

  /** By MAC address: what was seen on the wire, and what the agent tells. */
  async addresses(): Promise<Readonly<Record<string, readonly string[]>>> {
    await this.#readPackets();
    const found = new Map<string, Set<string>>();
    const note = (mac: string, addresses: Iterable<string>): void => {
      found.set(mac, new Set([...(found.get(mac) ?? []), ...addresses]));
    };
    for (const log of this.#logs) for (const [mac, addresses] of log.addresses) note(mac, addresses);
    if (this.#system !== undefined && this.#agent !== undefined) {
      const told = await Promise.race([askAddresses(this.#agent), pause(5000)]).catch(() => undefined);
      for (const [mac, addresses] of told ?? []) note(mac, addresses);
    }
    return Object.fromEntries([...found].map(([mac, addresses]) => [mac, [...addresses]]));
  }

  /** Whether there is a picture now. */
  async screenshot(file: string): Promise<boolean> {
    const taken = this.#qmp?.ask('screendump', { filename: path.resolve(file), format: 'png' });
    return taken === undefined
      ? false
      : taken.then(
          () => true,
          () => false,
        );
  }

  #packetFile(index: number): string {
    return path.join(this.#order.folder, `packets${index}.pcap`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The machine is switched off'));
    this.#qmp?.close();
    this.#agent?.close();
    await this.#ended;
    await rm(this.#sockets, { recursive: true, force: true });
  }
}
