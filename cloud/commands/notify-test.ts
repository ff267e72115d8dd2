/** `notify test`: whether those who are to be told of alarms can be reached from here. */

import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { chosenRecipients, outcomeTable } from "#config/command-line/chosen-recipients.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { SINK_ALARM_SETTINGS } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { tryRecipients } from "#core/notify/try-recipients.ts";
import { SINK } from "#core/own-names.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";

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
    const { alarms } = loadSink(configFileOf(values.config, io.env));
    const all = recipientsOf(alarms, SINK_ALARM_SETTINGS);
    const recipients = chosenRecipients(all, operands[0], values.all);
    const origin = { gateway: SINK, device: SINK, clock: systemClock };
    const outcomes = await tryRecipients({ ...origin, recipients, signal: io.signal });
    if (values.json) io.stdout.write(`${JSON.stringify(outcomes)}\n`);
    else io.stdout.write(`${outcomeTable(outcomes)}\n`);
    return outcomes.every(({ error }) => error === null) ? EXIT.fine : EXIT.failed;
  },
});
