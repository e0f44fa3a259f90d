/** Writes that are worth making but not worth waiting for: the latest of each key, a few at a time. */
export class Notes {
  readonly #latest = new Map<string, () => Promise<void>>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #atOnce: number;
  readonly #onTrouble: (key: string, error: unknown) => void;

  constructor(atOnce: number, onTrouble: (key: string, error: unknown) => void) {
    this.#atOnce = atOnce;
    this.#onTrouble = onTrouble;
  }

  put(key: string, write: () => Promise<void>): void {
    this.#latest.delete(key);
    this.#latest.set(key, write);
    this.#begin();
  }

  /** Nothing of this key is written after it resolves. */
  async drop(key: string): Promise<void> {
    this.#latest.delete(key);
    await this.#writing.get(key);
  }

  #begin(): void {
    for (const [key, write] of this.#latest) {
      if (this.#writing.size >= this.#atOnce) return;
      if (this.#writing.has(key)) continue;
      this.#latest.delete(key);
      const writing = write()
        .catch((error: unknown) => this.#onTrouble(key, error))
        .finally(() => {
          this.#writing.delete(key);
          this.#begin();
        });
      this.#writing.set(key, writing);
    }
  }
}
