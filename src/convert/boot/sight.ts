/** The screen of a running machine, looked at now and then: how long its picture has stood still, and what stands there in text mode. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Seen } from './evidence.ts';
import type { Json, JsonChannel } from './json-channel.ts';
import { difference, type Picture, readPicture } from './picture.ts';
import { screenText, TEXT_MEMORY, TEXT_WIDTH } from './screen-text.ts';

/** Between two looks. */
const PICTURE_SECONDS = 5;
/** A clock or a cursor may change without the picture counting as another. */
const UNRESTING = 0.01;

export class Sight {
  readonly #qmp: JsonChannel;
  readonly #folder: string;
  #looked: number | undefined;
  #last: { taken: number; since: number; picture: Picture; text: string | undefined } | undefined;

  /** @param folder for the pictures of a moment */
  constructor(qmp: JsonChannel, folder: string) {
    this.#qmp = qmp;
    this.#folder = folder;
  }

  /** False when it looked just before. @param now in seconds since the machine was switched on */
  async look(now: number): Promise<boolean> {
    if (this.#looked !== undefined && now - this.#looked < PICTURE_SECONDS) return false;
    this.#looked = now;
    const taken = await this.#written('screendump', 'look.ppm', {});
    const picture = taken === undefined ? undefined : readPicture(taken);
    if (picture === undefined) return true;
    const { address, size } = TEXT_MEMORY;
    const isText = picture.width === TEXT_WIDTH;
    const memory = isText ? await this.#written('pmemsave', 'look.text', { val: address, size }) : undefined;
    const before = this.#last;
    const rests = before !== undefined && difference(before.picture, picture) < UNRESTING;
    this.#last = { taken: now, since: rests ? before.since : now, picture, text: memory && screenText(memory) };
    return true;
  }

  seen(): Pick<Seen, 'picture' | 'screen'> {
    if (this.#last === undefined) return {};
    const { picture, taken, since, text } = this.#last;
    return { picture: { ...picture, steady: taken - since }, ...(text === undefined ? {} : { screen: text }) };
  }

  /** What qemu writes to a file when it is told so; undefined when it does not. */
  async #written(command: string, name: string, args: Json): Promise<Buffer | undefined> {
    const filename = path.join(this.#folder, name);
    return this.#qmp.ask(command, { ...args, filename }).then(
      () => readFile(filename),
      () => undefined,
    );
  }
}
