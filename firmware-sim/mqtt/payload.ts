/** What a publishing device sends: `{"ts":…,"tag":value,…}`, one flat object. */

export class PayloadWriter {
  readonly #keys: readonly string[];

  constructor(tags: readonly string[]) {
    this.#keys = tags.map((tag) => `,${JSON.stringify(tag)}:`);
  }

  /** Values are finite, or NaN for a tag that is left out. `ts` in ms since 1970. */
  write(ts: number, values: Float64Array): string {
    let text = `{"ts":${ts}`;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? Number.NaN;
      if (value === value) text += (this.#keys[i] ?? "") + value;
    }
    return `${text}}`;
  }
}
