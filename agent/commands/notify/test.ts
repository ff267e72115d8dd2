/** `notify test`: whether those who are to be told of alarms can be reached. */

import { type ControlClient, findAgent } from "#agent/control/control-client.ts";
import { Signal } from "#agent/notify/signal.ts";
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { chosenRecipients, outcomeTable } from "#config/command-line/chosen-recipients.ts";
import { type CommandIo, declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { GATEWAY_ALARM_SETTINGS } from "#config/gateway/alarms.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import type { TestOutcome } from "#core/notify/notifications.ts";
import type { Recipient, WiredChannel } from "#core/notify/recipient.ts";
import { tryRecipients } from "#core/notify/try-recipients.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { type BusAccess, openBus } from "../device/bus-access.ts";

export const notifyTestCommand = declareCommand({
  name: "notify test",
  operands: "[RECIPIENT]",
  operandCount: [0, 1],
  summary: "tells a recipient of a test, by all its ways",
  description: `The running agent sends it, past what waits; without one, this command does. A lamp or horn is on for
three seconds. Exit code: 1 where one of the ways failed.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    all: { type: "boolean", default: false, means: "all recipients of the file" },
  },
  examples: [
    { line: "penstock notify test shift", does: "says of each way whether it works" },
    { line: "penstock notify test --all --json", does: "for a program" },
  ],
  run: async ({ values, operands, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const recipients = recipientsOf(settings.alarms, GATEWAY_ALARM_SETTINGS);
    const chosen = chosenRecipients(recipients, operands[0], values.all);
    const agent = await findAgent(settings.buffer.path);
    const outcomes = agent
      ? await throughAgent(agent, chosen, io)
      : await fromHere(settings, chosen, io);
    if (values.json) io.stdout.write(`${JSON.stringify(outcomes)}\n`);
    else io.stdout.write(`${outcomeTable(outcomes)}\n`);
    return outcomes.every(({ error }) => error === null) ? EXIT.fine : EXIT.failed;
  },
});

async function throughAgent(
  agent: ControlClient,
  recipients: readonly Recipient[],
  { signal }: CommandIo,
): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = [];
  for (const { name } of recipients) {
    const body = { recipient: name };
    outcomes.push(...(await agent.ask<TestOutcome[]>("POST /notify/test", { body, signal })));
  }
  return outcomes;
}

async function fromHere(
  settings: GatewaySettings,
  recipients: readonly Recipient[],
  { signal }: CommandIo,
): Promise<TestOutcome[]> {
  const buses = await openBuses(settings, recipients);
  const makeSignal = (channel: WiredChannel): Signal =>
    new Signal({
      channel,
      linkOf: () => buses.get(channel.bus)?.link,
      timeoutMs: modbusOf(settings, channel.bus)?.timeout ?? 0,
      clock: systemClock,
    });
  try {
    const { gateway } = settings;
    const origin = { gateway, device: GATEWAY_DEVICE, clock: systemClock };
    return await tryRecipients({ ...origin, recipients, makeSignal, signal });
  } finally {
    for (const bus of buses.values()) await bus.close();
  }
}

/** @throws PenstockError PORT_UNAVAILABLE */
async function openBuses(
  settings: GatewaySettings,
  recipients: readonly Recipient[],
): Promise<Map<string, BusAccess>> {
  const buses = new Map<string, BusAccess>();
  for (const channel of recipients.flatMap(({ channels }) => channels)) {
    if (channel.kind !== "coil" && channel.kind !== "register") continue;
    const bus = modbusOf(settings, channel.bus);
    if (bus && !buses.has(channel.bus)) buses.set(channel.bus, await openBus(bus));
  }
  return buses;
}

function modbusOf({ buses }: GatewaySettings, name: string): ModbusBusSettings | undefined {
  const bus = buses[name];
  return bus && "modbus" in bus ? bus : undefined;
}
