/** One browser's view of the values: its page, and what changed on it since it was last told. */
import type { LiveClient } from "#core/http/live-events.ts";
import type { ValueRow } from "./contract.ts";
import type { Page, PageQuery, ValuePages } from "./value-pages.ts";

export class LivePage {
  readonly #pages: ValuePages;
  readonly #query: PageQuery;
  readonly #client: LiveClient;
  #page: Page;
  #sent: ValueRow[] = [];

  constructor(pages: ValuePages, query: PageQuery, client: LiveClient) {
    this.#pages = pages;
    this.#query = query;
    this.#client = client;
    this.#page = pages.find(query);
    this.#sendAll();
  }

  /** Sends what changed; the whole page where series were added. */
  update(): void {
    if (this.#pages.isOutdated(this.#page)) {
      const page = this.#pages.find(this.#query);
      const same = page.total === this.#page.total && sameItems(page.places, this.#page.places);
      this.#page = page;
      if (!same) return this.#sendAll();
    }
    const rows = this.#pages.rows(this.#page);
    const changed = rows.flatMap((row, at) =>
      isNews(row, this.#sent[at]) ? [{ at, ...row }] : [],
    );
    this.#sent = rows;
    if (changed.length > 0) this.#client.send("values", changed);
  }

  #sendAll(): void {
    this.#sent = this.#pages.rows(this.#page);
    const { offset } = this.#query;
    this.#client.send("page", { total: this.#page.total, offset, values: this.#sent });
  }
}

function isNews(row: ValueRow, sent: ValueRow | undefined): boolean {
  return (
    row.ts !== sent?.ts ||
    row.value !== sent.value ||
    row.quality !== sent.quality ||
    row.unit !== sent.unit
  );
}

function sameItems(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
