/** `dead-letters ls`: events that the sink put aside, oldest first. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { DeadLetter, DeadLetterFilter, Store } from "../store/contract.ts";
import { configFileOf } from "./config-file.ts";
import { DEAD_LETTER_OPTIONS, filterOf, withStore } from "./open-store.ts";

const PAGE = 100;

export const deadLettersListCommand = declareCommand({
  name: "dead-letters ls",
  summary: "events that were put aside, and why",
  description:
    "On PostgreSQL also while sinks run. A SQLite database belongs to its running sink: stop it, or ask its /api/dead-letters.",
  options: { ...DEAD_LETTER_OPTIONS, ...JSON_OPTION },
  examples: [
    {
      line: "penstock-cloud dead-letters ls --config sink.yaml --code CHUNK_VERSION_UNKNOWN",
      does: "what waits for a newer sink",
    },
  ],
  run: async ({ values, io }) => {
    const filter = filterOf(values);
    await withStore(configFileOf(values.config, io.env), async (store) => {
      for await (const letter of lettersOf(store, filter)) {
        io.stdout.write(values.json ? `${JSON.stringify(letter)}\n` : `${lineOf(letter)}\n`);
      }
    });
    return EXIT.fine;
  },
});

async function* lettersOf(
  store: Store,
  filter: DeadLetterFilter,
): AsyncGenerator<DeadLetter, void, void> {
  let afterId = 0;
  for (;;) {
    const page = await store.parked(filter, afterId, PAGE);
    for (const { body: _body, scope: _scope, ...letter } of page) yield letter;
    const last = page.at(-1);
    if (!last) return;
    afterId = last.id;
  }
}

/** A reason may quote what a stranger sent: nothing of it reaches the terminal as a command. */
function lineOf({
  id,
  code,
  partition,
  position,
  bytes,
  enqueuedAtMs,
  reason,
}: DeadLetter): string {
  const time = new Date(enqueuedAtMs).toISOString();
  const place = `partition ${partition} event ${position.sequenceNumber}`;
  return `${id}  ${time}  ${code}  ${place}  ${bytes} bytes  ${JSON.stringify(reason)}`;
}
