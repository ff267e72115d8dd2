/** What a gateway's file must fulfil beyond the shape of each of its parts. */
import { GATEWAY_WAYS } from "../alarms/alarm-recipients.ts";
import { GATEWAY_ALARM_SETTINGS } from "../gateway/alarms.ts";
import { entriesOf, mappingOf } from "../yaml/raw.ts";
import type { Outline, Problem } from "../yaml/yaml-tree.ts";
import { checkDevices } from "./device-checks.ts";
import { checkListenPorts } from "./listen-checks.ts";
import { checkMqtt } from "./mqtt-checks.ts";
import { checkRecipients } from "./recipient-checks.ts";
import { checkSerialBus } from "./serial-checks.ts";

export function checkGateway(data: unknown, outline: Outline): Problem[] {
  const file = mappingOf(data);
  const buses = entriesOf(file["buses"]);
  return [
    ...buses.flatMap(([name, bus]) => checkSerialBus(["buses", name], bus)),
    ...checkSharedLines(buses, outline),
    ...checkDevices(file, outline),
    ...checkMqtt(mappingOf(file["mqtt"]), "mqtt" in file, outline),
    ...checkListenPorts(file, outline),
    ...checkRecipients(file["alarms"], {
      ways: GATEWAY_WAYS,
      others: GATEWAY_ALARM_SETTINGS,
      buses: mappingOf(file["buses"]),
      outline,
    }),
  ];
}

/** Two owners of one serial port take each other's bytes. */
function checkSharedLines(
  buses: readonly [string, Readonly<Record<string, unknown>>][],
  outline: Outline,
): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<unknown, string>();
  for (const [name, bus] of buses) {
    const key = "serial" in bus ? "serial" : "port";
    const line = bus[key];
    // The port of a bus by network is a number.
    if (typeof line !== "string") continue;
    const owner = owners.get(line);
    if (owner === undefined) {
      owners.set(line, name);
      continue;
    }
    const place = outline.placeOf(["buses", owner]);
    problems.push({
      path: ["buses", name, key],
      on: "value",
      message: `the port is in use by bus "${owner}" (${place})`,
      suggestion: "a serial port belongs to one bus",
    });
  }
  return problems;
}
