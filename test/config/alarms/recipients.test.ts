import { expect, test } from "vitest";
import { SINK_WAYS, sinkRecipient } from "#config/alarms/alarm-recipients.ts";
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { GATEWAY_ALARM_SETTINGS } from "#config/gateway/alarms.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import type { Recipient } from "#core/notify/recipient.ts";

function recipientsIn(yaml: string): Recipient[] {
  const text = `version: 1
gateway: hall-3
buses: { packer: { modbus: tcp, host: 10.0.0.1 } }
alarms:
${yaml}`;
  const { alarms } = loadGateway({ file: "g.yaml", text }, { environment: {} });
  return recipientsOf(alarms, GATEWAY_ALARM_SETTINGS);
}

test("a bare URL is a webhook, or an Alertmanager", () => {
  expect(
    recipientsIn(`
  shift: { webhook: "https://hooks.example.com/a", alertmanager: "http://127.0.0.1:9093" }
  office: { alertmanager: ["http://a:9093", "http://b:9093"] }
  night: { alertmanager: { url: "http://a:9093", token: abc } }`).map(({ channels }) => channels),
  ).toEqual([
    [
      { kind: "webhook", url: "https://hooks.example.com/a" },
      { kind: "alertmanager", urls: ["http://127.0.0.1:9093"] },
    ],
    [{ kind: "alertmanager", urls: ["http://a:9093", "http://b:9093"] }],
    [{ kind: "alertmanager", urls: ["http://a:9093"], token: "abc" }],
  ]);
});

test("mails go encrypted, but for a server on this machine", () => {
  const to = "from: g@example.com, to: [s@example.com]";
  const [shift, office, night] = recipientsIn(`
  shift: { mail: { host: mail.example.com, ${to} } }
  office: { mail: { host: 127.0.0.1, ${to} } }
  night: { mail: { host: mail.example.com, tls: implicit, ${to} } }`);
  expect(shift?.channels).toMatchObject([{ tls: "starttls", port: 587 }]);
  expect(office?.channels).toMatchObject([{ tls: "none", port: 25 }]);
  expect(night?.channels).toMatchObject([{ tls: "implicit", port: 465 }]);
});

test("lamps and displays are addressed as in the request", () => {
  const [red, display] = recipientsIn(`
  red:
    coil: { bus: packer, unit: 9, coil: 1, inverted: true, heartbeat: { register: 40010 } }
    priority: critical
  display: { register: { bus: packer, register: 400011, shows: count, until: acknowledged } }`);
  expect(red).toMatchObject({ minPriority: "critical" });
  expect(red?.channels).toEqual([
    {
      kind: "coil",
      bus: "packer",
      unit: 9,
      table: "coil",
      start: 0,
      shows: "state",
      until: "cleared",
      isInverted: true,
      heartbeat: { start: 9, everyMs: 2000 },
    },
  ]);
  expect(display?.channels).toMatchObject([
    { kind: "register", table: "holding", start: 10, shows: "count", until: "acknowledged" },
  ]);
});

test("quiet hours are minutes of the day", () => {
  const [shift] = recipientsIn(`
  shift:
    webhook: https://hooks.example.com/a
    quiet: { from: 22:30, to: 06:00, zone: Europe/Vienna }
    repeat: 4h`);
  const quiet = { fromMinute: 1350, toMinute: 360, except: "high", zone: "Europe/Vienna" };
  expect(shift).toMatchObject({ quiet, repeatMs: 14_400_000, minPriority: "medium" });
});

test("the sink has no wires", () => {
  expect(SINK_WAYS).not.toContain("coil");
  const lamp = { coil: { bus: "packer", coil: 1 } };
  expect(sinkRecipient.safeParse(lamp).success).toBe(false);
  expect(sinkRecipient.safeParse({ webhook: "https://hooks.example.com" }).success).toBe(true);
});
