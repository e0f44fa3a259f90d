/**
 * The least that can follow a running VM with what a connection offers: a full copy, deltas by checkpoints, everything again where the source
 * has lost count. Not the product's engine, so that the provider's own tests do not depend on it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Connection, SourceSnapshot } from '../../../src/contracts/provider.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import type { VmRef } from '../../../src/model/vm.ts';
import type { ServerAddress } from '../../peers/vcsim.ts';
import { live } from './simulator.ts';

export class Replica implements Disposable {
  /** By disk key. */
  readonly disks = new Map<string, Buffer>();
  /** Disks that were compared whole because the source had lost count, one entry each time. */
  readonly compared: string[] = [];
  /** Bytes that were read. */
  read = 0;
  readonly #agent: Agent;
  #checkpoints: SourceSnapshot['checkpoints'] = {};

  constructor(server: ServerAddress) {
    this.#agent = new Agent({ ca: server.certificate, keepAlive: true, maxSockets: 4 });
  }

  /** Brings all disks to a snapshot, or to what they hold when the VM is off. */
  async pass(connection: Connection, vm: VmRef, snapshot?: SourceSnapshot): Promise<void> {
    const now = await connection.vm?.(vm, live());
    assert.ok(now);
    for (const { key, capacity } of now.disks) await this.#disk(connection, { vm, key, capacity, snapshot });
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

  async #disk(
    connection: Connection,
    disk: { readonly vm: VmRef; readonly key: string; readonly capacity: number; readonly snapshot: SourceSnapshot | undefined },
  ): Promise<void> {
    const { vm, key, capacity, snapshot } = disk;
    const source = await connection.openDisk(vm, key, live(), snapshot?.id);
    assert.ok(source.kind === 'range', source.kind === 'lease' ? source.because : source.kind);
    const { access } = connection;
    assert.ok(access?.changes && source.tracking, `disk ${key} is not tracked`);
    const known = this.disks.get(key)?.length === capacity ? this.disks.get(key) : undefined;
    const bytes = known ?? Buffer.alloc(capacity);
    this.disks.set(key, bytes);
    const checkpoint = known === undefined ? undefined : this.#checkpoints[key];
    const since = checkpoint === undefined ? 'allocated' : { checkpoint };
    let extents: readonly Extent[];
    try {
      extents = await Array.fromAsync(access.changes.changed({ ...source.tracking, since }, live()));
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'change-tracking-reset') throw error;
      this.compared.push(key);
      extents = [{ offset: 0, length: capacity }];
    }
    const headers = await access.headers(source.url, live());
    for (const { offset, length } of extents) {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const sent = request(source.url, { agent: this.#agent, headers: { ...headers, range } }).end();
      const [reply] = (await once(sent, 'response')) as [IncomingMessage];
      const piece = await buffer(reply);
      assert.deepEqual([reply.statusCode, piece.length], [206, length], `${range} of ${key}`);
      piece.copy(bytes, offset);
      this.read += length;
    }
  }
}
