/** `dead-letters replay`: reads events that were put aside once more, with the program of now. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { readBody } from "../ingest/read-event.ts";
import type { DeadLetterFilter, RevivedEvent, Store } from "../store/contract.ts";
import { configFileOf } from "./config-file.ts";
import { DEAD_LETTER_OPTIONS, filterOf, withStore } from "./open-store.ts";

/** An event may inflate to 16 MiB. */
const PAGE = 20;

interface ReplayReport {
  /** Dead letters that were taken in, or whose chunks had come otherwise, and that are gone. */
  revived: number;
  /** Chunks that count now. */
  chunks: number;
  /** Chunks that had been accepted before. */
  duplicateChunks: number;
  /** Dead letters that can still not be read, or contradict what was accepted. */
  left: number;
}

export const deadLettersReplayCommand = declareCommand({
  name: "dead-letters replay",
  summary: "takes in events that were put aside and can be read by now",
  description: `After an update of the sink: events of a newer agent that it did not understand before. What cannot be
read yet stays. A chunk that came otherwise meanwhile does not count twice. On PostgreSQL also while
sinks run; with a SQLite database stop the sink first.`,
  options: { ...DEAD_LETTER_OPTIONS, ...JSON_OPTION },
  examples: [
    {
      line: "penstock-cloud dead-letters replay --config sink.yaml --code CHUNK_VERSION_UNKNOWN",
      does: "what waited for this version",
    },
  ],
  run: async ({ values, io }) => {
    const filter = filterOf(values);
    const report = await withStore(configFileOf(values.config, io.env), async (store) =>
      replay(store, filter),
    );
    const { revived, chunks, duplicateChunks, left } = report;
    io.stdout.write(
      values.json
        ? `${JSON.stringify(report)}\n`
        : `${revived} taken in (${chunks} chunks new, ${duplicateChunks} known), ${left} left\n`,
    );
    return EXIT.fine;
  },
});

async function replay(store: Store, filter: DeadLetterFilter): Promise<ReplayReport> {
  const report = { revived: 0, chunks: 0, duplicateChunks: 0, left: 0 };
  let afterId = 0;
  for (;;) {
    const page = await store.parked(filter, afterId, PAGE);
    const last = page.at(-1);
    if (!last) return report;
    afterId = last.id;
    const read = page.map((parked): RevivedEvent => ({ parked, content: readBody(parked.body) }));
    const readable = read.filter(({ content }) => content.kind === "chunks");
    report.left += read.length - readable.length;
    if (readable.length > 0) await reviveSome(store, readable, report);
  }
}

async function reviveSome(
  store: Store,
  events: readonly RevivedEvent[],
  report: ReplayReport,
): Promise<void> {
  for (const { accepted, duplicateChunks, isGone } of await store.revive(events)) {
    report.chunks += accepted;
    report.duplicateChunks += duplicateChunks;
    if (isGone) report.revived += 1;
    else report.left += 1;
  }
}
