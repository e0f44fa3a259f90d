/** RC4, which NTLM seals with and OpenSSL 3 does not bring any more. */

/** One stream: what is enciphered (or deciphered) moves it on. */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  /** @param key 1 to 256 bytes */
  constructor(key: Uint8Array) {
    const state = this.#state;
    let j = 0;
    for (let i = 0; i < 256; i += 1) {
      const value = state[i] ?? 0;
      j = (j + value + (key[i % key.length] ?? 0)) & 0xff;
      state[i] = state[j] ?? 0;
      state[j] = value;
    }
  }

  apply(data: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(data.length);
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < data.length; at += 1) {
      i = (i + 1) & 0xff;
      const value = state[i] ?? 0;
      j = (j + value) & 0xff;
      const other = state[j] ?? 0;
      state[i] = other;
      state[j] = value;
      out[at] = (data[at] ?? 0) ^ (state[(value + other) & 0xff] ?? 0);
    }
    this.#i = i;
    this.#j = j;
    return out;
  }
}
