/** Plays a story: each pass with its faults and as many attempts as that takes, and what has to be true after each of them. */
import assert from 'node:assert/strict';
import type { TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../src/transfer/local-copier.ts';
import { clock, MiB, scratch as openScratch, type Scratch } from '../../transfer/fixture.ts';
import { blame } from './blame.ts';
import {
  assertContent,
  assertNoDevice,
  assertNothingLeft,
  assertNothingOpen,
  assertNotReadAgain,
  assertProof,
  doneBlocks,
} from './checks.ts';
import { dice } from './dice.ts';
import type { FaultName } from './faults.ts';
import { GuestDisk } from './guest-disk.ts';
import { openOrigin } from './origin.ts';
import { openPlace } from './place.ts';
import { attemptAt, jobOf, prepare, type Stage, wrongByteAt } from './stage.ts';
import type { Order, Story } from './story.ts';
import { type Struck, strikeWhile } from './strike.ts';

/** After so many attempts at a pass nothing strikes any more. */
const FOUL_ATTEMPTS = 5;

export interface Played {
  readonly struck: readonly FaultName[];
  /** How attempts ended: `done`, `killed`, or the code of an error. */
  readonly ends: readonly string[];
  /** Blocks that attempts found done by earlier ones. */
  readonly kept: number;
  /** Blocks that were found wrong and brought once more. */
  readonly repaired: number;
}

/** @throws AssertionError for whatever should not be */
export async function play(story: Story): Promise<Played> {
  await using scratch = await openScratch();
  const played = await perform(story, scratch);
  await assertNoDevice(scratch.folder);
  await assertNothingOpen();
  return played;
}

async function perform(story: Story, scratch: Scratch): Promise<Played> {
  const disk = new GuestDisk(story.size, dice(story.seed));
  await using place = await openPlace(story, scratch);
  await using origin = await openOrigin(story, disk, scratch);
  return await new Play(story, { disk, place, origin, scratch }).toTheEnd();
}

class Play {
  readonly #story: Story;
  readonly #stage: Stage;
  readonly #left: Set<Order>;
  readonly #struck: FaultName[] = [];
  readonly #ends: string[] = [];
  readonly #pids = new Set([process.pid]);
  /** Blocks that the target has spoiled. */
  readonly #lost = new Set<number>();
  /** Orders that struck in the last attempt. */
  #before: readonly Order[] = [];
  /** Blocks that have to be done still when the next attempt at this pass begins. */
  #proven: ReadonlySet<number> = new Set();
  #kept = 0;
  #repaired = 0;

  constructor(story: Story, stage: Stage) {
    this.#story = story;
    this.#stage = stage;
    this.#left = new Set(story.orders);
  }

  async toTheEnd(): Promise<Played> {
    const { disk, place, scratch } = this.#stage;
    let result = await this.#pass(0);
    for (let pass = 1; pass <= this.#story.deltas; pass += 1) {
      disk.writeSome();
      result = await this.#pass(pass);
    }
    await assertNothingLeft(scratch.folder, place.unfinished, this.#pids);
    if (this.#story.deltas > 0)
      await new LocalDiskCopier({ clock }).forget(await jobOf(this.#story, this.#stage, this.#story.deltas));
    assert.deepEqual(await place.rests(), [], 'something is left beside the disk');
    const found = await place.content();
    assertContent(found, disk.content, this.#unknowable());
    assert.equal(result.proof !== undefined, this.#story.verify);
    if (found !== undefined) assertProof(result, found, disk.content.length);
    return { struck: this.#struck, ends: this.#ends, kept: this.#kept, repaired: this.#repaired };
  }

  async #pass(pass: number): Promise<TransferResult> {
    const job = await jobOf(this.#story, this.#stage, pass);
    for (let attempt = 1; ; attempt += 1) {
      const orders = attempt > FOUL_ATTEMPTS ? [] : [...this.#left].filter((order) => order.pass === pass);
      const result = await this.#attempt(job, pass, orders);
      if (result !== undefined) return result;
      assert.ok(attempt <= FOUL_ATTEMPTS, 'an attempt without faults has not ended well');
    }
  }

  async #attempt(job: TransferJob, pass: number, orders: readonly Order[]): Promise<TransferResult | undefined> {
    const { disk, place, origin, scratch } = this.#stage;
    const done = await doneBlocks(place, { job, pass, copy: scratch.path('journal-copy') });
    this.#kept += done.size;
    assert.deepEqual(
      [...this.#proven].filter((block) => !done.has(block) && !this.#lost.has(block)),
      [],
      'done blocks are forgotten',
    );
    await prepare(this.#stage, orders);
    const told = await strikeWhile(attemptAt(job, this.#stage, orders), { place, server: origin.server }, orders);
    await place.heal();
    await origin.spoil();
    const { end } = told;
    this.#note(told, job, orders);
    if (job.recheckSource !== true && this.#story.way === 'range') assertNotReadAgain(told.asked, done, this.#lost);
    // A source that is at fault itself has to be exported anew; of somebody killed at the very end nobody knows.
    const keeps = end.kind === 'failed' && !end.code.startsWith('image-') && job.recheckSource !== true;
    this.#proven = keeps ? done : new Set();
    if (end.kind !== 'done') {
      const found = await place.content();
      if (job.target.kind === 'raw-file' && found !== undefined) assertContent(found, disk.content, this.#unknowable());
      return undefined;
    }
    const { moved, repaired } = end.result;
    const blocks = Math.ceil(this.#story.size / MiB);
    if (this.#story.way !== 'lease') assert.ok(moved <= (blocks - done.size + this.#lost.size) * MiB, 'too much was moved');
    if (end.flipped) assert.ok((repaired?.target ?? 0) > 0, 'the wrong byte was not repaired');
    this.#repaired += (repaired?.target ?? 0) + (repaired?.source ?? 0);
    return end.result;
  }

  #note(told: Struck, job: TransferJob, orders: readonly Order[]): void {
    const { end, pid } = told;
    this.#pids.add(pid);
    this.#ends.push(end.kind === 'failed' ? end.code : end.kind);
    this.#before = blame(told, this.#story, { orders, before: this.#before });
    for (const order of this.#before) {
      if (order.fault === 'wrong byte kept') this.#lost.add(Math.floor(wrongByteAt(order, job, this.#stage.disk) / MiB));
      this.#left.delete(order);
      this.#struck.push(order.fault);
    }
  }

  /** Wrong bytes that were served and that only a second reading of the source shows. */
  #unknowable(): ReadonlySet<number> {
    return this.#story.recheck ? new Set() : (this.#stage.origin.server?.spoiled ?? new Set());
  }
}
