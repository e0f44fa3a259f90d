/**
 * What a guest's network card sends, read from qemu's recording (libpcap's classic format, as filter-dump writes it): which
 * addresses stand behind which MAC address, which ports answer, and how much is said. Only headers are recorded.
 */
import { open } from 'node:fs/promises';

const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const IPV4 = 0x0800;
const ARP = 0x0806;
/** Read at once. */
const CHUNK = 65_536;
/** Addresses that are remembered for a card: a guest may invent any number. */
const MOST = 32;

export class PacketLog {
  readonly #file: string;
  #offset = FILE_HEADER;
  /** IPv4 addresses that a MAC address (lower case) was seen to use. */
  readonly addresses = new Map<string, Set<string>>();
  /** TCP ports of guests that accepted a connection. */
  readonly answering = new Set<number>();
  /** Packets from other MAC addresses than qemu's own. */
  sent = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Reads on from where it ended last time; a file that is not there yet holds nothing. */
  async read(): Promise<void> {
    const file = await open(this.#file).catch(() => undefined);
    if (file === undefined) return;
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, this.#offset);
        const used = this.#take(buffer.subarray(0, bytesRead));
        this.#offset += used;
        if (used === 0) return;
      }
    } finally {
      await file.close();
    }
  }

  #take(bytes: Buffer): number {
    let at = 0;
    while (at + PACKET_HEADER <= bytes.length) {
      const end = at + PACKET_HEADER + bytes.readUInt32LE(at + 8);
      if (end > bytes.length) break;
      this.#packet(bytes.subarray(at + PACKET_HEADER, end));
      at = end;
    }
    return at;
  }

  #packet(frame: Buffer): void {
    if (frame.length < 34) return;
    const mac = frame
      .subarray(6, 12)
      .toString('hex')
      .replaceAll(/(..)(?=.)/g, '$1:');
    // The user-mode stack's own cards.
    if (mac.startsWith('52:55:')) return;
    this.sent += 1;
    const type = frame.readUInt16BE(12);
    if (type === ARP && frame.length >= 42) this.#remember(mac, frame.subarray(28, 32));
    if (type !== IPV4) return;
    this.#remember(mac, frame.subarray(26, 30));
    const tcp = 14 + ((frame[14] ?? 0) & 15) * 4;
    // SYN and ACK together: somebody listens there.
    if (frame[23] === 6 && frame.length >= tcp + 14 && ((frame[tcp + 13] ?? 0) & 0x12) === 0x12) {
      this.answering.add(frame.readUInt16BE(tcp));
    }
  }

  #remember(mac: string, address: Buffer): void {
    const text = address.join('.');
    if (text === '0.0.0.0') return;
    const known = this.addresses.get(mac) ?? new Set();
    if (known.size < MOST) known.add(text);
    this.addresses.set(mac, known);
  }
}
