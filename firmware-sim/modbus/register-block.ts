/** The registers of one table, from the first that was written to the last. */

/** The last address of a table, and one more. */
const ADDRESSES = 0x1_0000;

export class RegisterBlock {
  #first = ADDRESSES;
  #end = 0;
  readonly #words = new Map<number, number>();

  write(address: number, words: readonly number[]): void {
    words.forEach((word, i) => this.#words.set(address + i, word));
    this.#first = Math.min(this.#first, address);
    this.#end = Math.max(this.#end, address + words.length);
  }

  /** Undefined where one of them does not exist. */
  read(address: number, length: number): number[] | undefined {
    if (length < 1 || address < this.#first || address + length > this.#end) return undefined;
    return Array.from({ length }, (_, i) => this.#words.get(address + i) ?? 0);
  }
}
