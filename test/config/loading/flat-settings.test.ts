import { expect, test } from "vitest";
import { byPath, flatSettings } from "#config/loading/flat-settings.ts";

test("a secret is not shown, whether it is kept elsewhere or stands in the file itself", () => {
  const alarms = {
    shift: { webhook: "https://hall-3:pass@hooks.example.com/alarms" },
    office: { webhook: { url: "https://hooks.example.com/of", key: "0123456789" } },
    night: { mail: { host: "mail.example.com", user: "hall-3", password: "pass" } },
    day: { webhook: "https://hooks.example.com/T0/B0/hunter2?token=x" },
    week: { webhook: { url: "http://10.0.0.1:8080/hunter2" } },
    ops: { alertmanager: "http://127.0.0.1:9093", token: "elsewhere" },
  };
  expect(byPath(flatSettings({ alarms }, [["alarms", "office", "webhook", "url"]]))).toEqual({
    "alarms.shift.webhook": "(secret)",
    "alarms.office.webhook.url": "(secret)",
    "alarms.office.webhook.key": "(secret)",
    "alarms.night.mail.host": '"mail.example.com"',
    "alarms.night.mail.user": '"hall-3"',
    "alarms.night.mail.password": "(secret)",
    "alarms.day.webhook": '"https://hooks.example.com/…"',
    "alarms.week.webhook.url": '"http://10.0.0.1:8080/…"',
    "alarms.ops.alertmanager": '"http://127.0.0.1:9093"',
    "alarms.ops.token": "(secret)",
  });
});

test("a tag may be called key", () => {
  const settings = { devices: { d: { tags: { key: { register: 40001 } } } } };
  expect(byPath(flatSettings(settings, []))).toEqual({ "devices.d.tags.key.register": "40001" });
});
