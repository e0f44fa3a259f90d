/** Something that the first call makes and all use. What fails for one, the next makes itself: the first may have been given up by its own signal. */
export class Shared<Value> {
  #made: Promise<Value> | undefined;

  async get(make: () => Promise<Value>): Promise<Value> {
    for (;;) {
      const known = this.#made;
      const own = known ?? make();
      this.#made = own;
      try {
        return await own;
      } catch (error) {
        if (this.#made === own) this.#made = undefined;
        if (known === undefined) throw error;
      }
    }
  }

  /** It is of no use any more. Where another one has been made meanwhile, that stays. */
  async forget(value: Value): Promise<void> {
    const known = this.#made;
    const found = await known?.catch(() => undefined);
    if (found === value && this.#made === known) this.#made = undefined;
  }

  /** Takes it away, if it was ever made. */
  async release(): Promise<Value | undefined> {
    const known = this.#made;
    this.#made = undefined;
    return await known?.catch(() => undefined);
  }
}
