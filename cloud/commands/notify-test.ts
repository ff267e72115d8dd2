/** `notify test`: whether those who are to be told of alarms can be reached from here. */

import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { chosenRecipients } from "#config/command-line/chosen-recipients.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { SINK_ALARM_SETTINGS } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { tryRecipients } from "#core/notify/try-recipients.ts";
import { SINK } from "#core/own-names.ts";
import { CONFIG_OPTION, plain } from "./open-alarms.ts";

export const notifyTestCommand = declareCommand({
  name: "notify test",
  operands: "[RECIPIENT]",
  operandCount: [0, 1],
  summary: "tells a recipient of a test, by all its ways",
  description: `Sent from here, past what waits in the database: run it where the sink runs. Exit code: 1 where one of
the ways failed.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    all: { type: "boolean", default: false, means: "all recipients of the file" },
  },
  examples: [
    {
      line: "penstock-cloud notify test shift --config sink.yaml",
      does: "says of each way whether it works",
    },
  ],
  run: async ({ values, operands, io }) => {
    if (values.config === undefined) throw new Misuse("Which sink's file? Give --config FILE.");
    const { alarms } = loadSink(values.config);
    const all = recipientsOf(alarms, SINK_ALARM_SETTINGS);
    const recipients = chosenRecipients(all, operands[0], values.all);
    const origin = { gateway: SINK, device: SINK, clock: systemClock };
    const outcomes = await tryRecipients({ ...origin, recipients, signal: io.signal });
    if (values.json) io.stdout.write(`${JSON.stringify(outcomes)}\n`);
    else {
      for (const { address, error } of outcomes) {
        const outcome = error === null ? "told" : `failed: ${error}`;
        io.stdout.write(`${plain(`${address}  ${outcome}`)}\n`);
      }
    }
    return outcomes.every(({ error }) => error === null) ? EXIT.fine : EXIT.failed;
  },
});
