/**
 * The least that can follow a running VM with what a connection offers: a full copy, deltas by checkpoints, everything again where the source
 * has lost count. Not the product's engine, so that the provider's own tests do not depend on it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Connection, SourceSnapshot } from '../../../src/contracts/provider.ts';
import type { HttpHeaders } from '../../../src/contracts/source-access.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent, LeaseSource, RangeSource } from '../../../src/model/transfer.ts';
import type { VmRef } from '../../../src/model/vm.ts';
import type { ServerAddress } from '../../peers/vcsim.ts';
import { live } from './simulator.ts';

interface Target {
  readonly vm: VmRef;
  readonly key: string;
  readonly snapshot: SourceSnapshot | undefined;
}

export class Replica implements Disposable {
  /** By disk key. */
  readonly disks = new Map<string, Buffer>();
  /** Disks that were compared whole because the source had lost count, one entry each time. */
  readonly compared: string[] = [];
  /** Bytes that were read in ranges. */
  read = 0;
  readonly #agent: Agent;
  #checkpoints: SourceSnapshot['checkpoints'] = {};

  constructor(server: ServerAddress) {
    this.#agent = new Agent({ ca: server.certificate, keepAlive: true, maxSockets: 4 });
  }

  /** Brings all disks to a snapshot, or to what they hold when the VM is off. @throws MigrationError, and Error of the wire */
  async pass(connection: Connection, vm: VmRef, snapshot?: SourceSnapshot): Promise<void> {
    const now = await connection.vm?.(vm, live());
    assert.ok(now);
    for (const { key } of now.disks) {
      await this.#disk(connection, { vm, key, snapshot }).catch((error: unknown) => {
        // Added after the snapshot: the next one has it.
        if (!(error instanceof MigrationError) || error.code !== 'disks-changed') throw error;
        this.disks.delete(key);
      });
    }
    if (snapshot !== undefined) this.#checkpoints = snapshot.checkpoints;
  }

  /** SHA-256 in hexadecimal. */
  digest(key: string): string {
    return createHash('sha256')
      .update(this.disks.get(key) ?? '')
      .digest('hex');
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #disk(connection: Connection, target: Target): Promise<void> {
    const { vm, key, snapshot } = target;
    const source = await connection.openDisk(vm, key, live(), snapshot?.id);
    if (source.kind === 'lease') {
      this.disks.set(key, await this.#exported(connection, source));
      return;
    }
    assert.ok(source.kind === 'range');
    const known = this.disks.get(key)?.length === source.capacity ? this.disks.get(key) : undefined;
    const bytes = known ?? Buffer.alloc(source.capacity);
    const extents = await this.#extents(connection, source, { ...target, known: known !== undefined });
    const headers = await connection.access?.headers(source.url, live());
    for (const extent of extents) (await this.#range(source, extent, headers ?? {})).copy(bytes, extent.offset);
    this.disks.set(key, bytes);
  }

  async #extents(
    { access }: Connection,
    { capacity, tracking }: RangeSource,
    { key, known }: Target & { readonly known: boolean },
  ): Promise<readonly Extent[]> {
    const whole = [{ offset: 0, length: capacity }];
    if (tracking === undefined || access?.changes === undefined) return whole;
    const checkpoint = known ? this.#checkpoints[key] : undefined;
    // What was never allocated is zeros in a new replica only.
    if (known && checkpoint === undefined) return whole;
    const since = checkpoint === undefined ? 'allocated' : { checkpoint };
    try {
      return await Array.fromAsync(access.changes.changed({ ...tracking, since }, live()));
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'change-tracking-reset') throw error;
      this.compared.push(key);
      return whole;
    }
  }

  /** @throws Error where the server gives anything else, or of another content than that of the beginning */
  async #range(source: RangeSource, { offset, length }: Extent, headers: HttpHeaders): Promise<Buffer> {
    const range = `bytes=${offset}-${offset + length - 1}`;
    const sent = request(source.url, { agent: this.#agent, headers: { ...headers, range } }).end();
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    const piece = await buffer(reply);
    if (reply.statusCode !== 206 || piece.length !== length) throw new Error(`${range} gave HTTP status ${reply.statusCode}`);
    if (reply.headers.etag !== source.mark) throw new Error('the source has changed');
    this.read += length;
    return piece;
  }

  async #exported({ access }: Connection, source: LeaseSource): Promise<Buffer> {
    assert.ok(access?.openExport);
    await using taken = await access.openExport(source, live());
    const sent = request(taken.url, { agent: this.#agent }).end();
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    const stream = await buffer(reply);
    if (reply.statusCode !== 200) throw new Error(`the export gave HTTP status ${reply.statusCode}`);
    await taken.complete();
    return await decoded(stream);
  }
}

async function decoded(stream: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-replica-'));
  try {
    await writeFile(join(folder, 'vmdk'), stream);
    const args = ['convert', '-f', 'vmdk', '-O', 'raw', join(folder, 'vmdk'), join(folder, 'raw')];
    await promisify(execFile)('qemu-img', args);
    return await readFile(join(folder, 'raw'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
