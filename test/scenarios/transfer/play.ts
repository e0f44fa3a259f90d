/** Plays a story: each pass with its faults and as many attempts as that takes, and what has to be true after each of them. */
import assert from 'node:assert/strict';
import type { TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { MiB, scratch as openScratch, type Scratch } from '../../transfer/fixture.ts';
import type { Attempt } from './attempt.ts';
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
import { FAULTS, type FaultName, mayCause } from './faults.ts';
import { GuestDisk } from './guest-disk.ts';
import { type Origin, openOrigin } from './origin.ts';
import { openPlace, type Place } from './place.ts';
import type { Order, Story } from './story.ts';
import { type Struck, strikeWhile } from './strike.ts';

/** After so many attempts at a pass nothing strikes any more. */
const FOUL_ATTEMPTS = 5;
const PATIENT_MS = 20_000;
/** Where a stall is ordered. */
const IMPATIENT_MS = 400;

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

interface Stage {
  readonly disk: GuestDisk;
  readonly place: Place;
  readonly origin: Origin;
  readonly scratch: Scratch;
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
    assert.deepEqual(await place.rests(), [], 'something is left beside the disk');
    const found = await place.content();
    assertContent(found, disk.content, this.#unknowable());
    assert.equal(result.proof !== undefined, this.#story.verify);
    if (found !== undefined) assertProof(result, found, disk.content.length);
    return { struck: this.#struck, ends: this.#ends, kept: this.#kept, repaired: this.#repaired };
  }

  async #pass(pass: number): Promise<TransferResult> {
    const job = await this.#job(pass);
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
    await this.#prepare(orders);
    const told = await strikeWhile(this.#attemptAt(job, orders), { place, server: origin.server }, orders);
    await place.heal();
    await origin.spoil();
    const { end } = told;
    this.#note(told, orders);
    if (job.recheckSource !== true && this.#story.way === 'range') assertNotReadAgain(told.asked, done, this.#lost);
    if (end.kind !== 'done') {
      const found = await place.content();
      if (job.target.kind === 'raw-file' && found !== undefined) assertContent(found, disk.content, this.#unknowable());
      return undefined;
    }
    const { moved, repaired } = end.result;
    const blocks = Math.ceil(this.#story.size / MiB);
    if (this.#story.way !== 'lease') assert.ok(moved <= (blocks - done.size + this.#lost.size) * MiB, 'too much was moved');
    if (end.flipped && job.staysOpen !== true) assert.ok((repaired?.target ?? 0) > 0, 'the wrong byte was not repaired');
    this.#repaired += (repaired?.target ?? 0) + (repaired?.source ?? 0);
    return end.result;
  }

  async #prepare(orders: readonly Order[]): Promise<void> {
    const { place, origin, disk } = this.#stage;
    for (const { fault, place: part } of orders) {
      const held = disk.allocated().reduce((sum, { length }) => sum + length, 0);
      if (fault === 'target full') await place.fill(Math.floor(part * held));
      if (fault === 'library port') await origin.spoil('port');
      if (fault === 'library locked') await origin.spoil('locked');
      if (fault === 'library lost') await origin.spoil('lost');
    }
  }

  #attemptAt(job: TransferJob, orders: readonly Order[]): Attempt {
    const { place, disk, origin } = this.#stage;
    const flip = orders.find(({ fault }) => fault === 'wrong byte kept');
    return {
      job,
      ...origin.told,
      allocated: disk.allocated(),
      changed: disk.changed(),
      patience: orders.some(({ fault }) => fault === 'stall') ? IMPATIENT_MS : PATIENT_MS,
      ...(flip !== undefined && { flip: { file: place.unfinished, offset: Math.floor(flip.place * this.#story.size) } }),
    };
  }

  /** Writes down what happened. @throws AssertionError for an end that nothing which struck can have caused */
  #note({ end, struck, pid }: Struck, orders: readonly Order[]): void {
    const said = end.kind === 'failed' ? `${end.code}: ${end.message}` : end.kind === 'bug' ? end.message : end.kind;
    this.#pids.add(pid);
    this.#ends.push(end.kind === 'failed' ? end.code : end.kind);
    const blamed = new Set([
      ...struck,
      ...orders.filter(({ fault }) => FAULTS[fault].kind === 'target' || FAULTS[fault].kind === 'library' || fault === 'stall'),
    ]);
    const names = [...blamed].map(({ fault }) => fault);
    const right =
      end.kind === 'done' ||
      (end.kind === 'killed' && names.includes('kill')) ||
      (end.kind === 'failed' && names.some((name) => mayCause(name, this.#story.way, end.code)));
    assert.ok(right, `"${said}" after: ${names.join(', ')}`);
    for (const order of blamed) {
      if (order.fault === 'wrong byte kept') {
        // Nobody knows whether somebody who was killed had come so far.
        if (end.kind !== 'killed' && 'flipped' in end && !end.flipped) continue;
        this.#lost.add(Math.floor((order.place * this.#story.size) / MiB));
      }
      if (order.fault === 'target full' && end.kind === 'done') continue;
      this.#left.delete(order);
      this.#struck.push(order.fault);
    }
  }

  async #job(pass: number): Promise<TransferJob> {
    const { verify, recheck, deltas, seed } = this.#story;
    return {
      id: `story ${seed}/scsi0:0`,
      vm: 'web',
      disk: 'scsi0:0',
      source: await this.#stage.origin.source(pass),
      target: this.#stage.place.target,
      verify,
      ...(recheck && { recheckSource: true }),
      ...(pass < deltas && { staysOpen: true }),
      ...(pass > 0 && { delta: { since: `checkpoint-${pass - 1}` } }),
    };
  }

  /** Wrong bytes that were served and that only a second reading of the source shows. */
  #unknowable(): ReadonlySet<number> {
    return this.#story.recheck ? new Set() : (this.#stage.origin.server?.spoiled ?? new Set());
  }
}
