/** That somebody cannot be told is an alarm of the agent's own, which others are told of. */
import { expect, test, vi } from "vitest";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { startAgent } from "./alarm-agent.ts";

vi.setConfig({ testTimeout: 60_000 });

function toldTo({ received }: HttpReceiver): string[] {
  return received.map(({ body }) => {
    const { kind, rule, tag }: { kind: string; rule: string; tag: string } = JSON.parse(body);
    return `${kind} ${rule} ${tag}`;
  });
}

test("a backup hears that a recipient cannot be told, and that it can again", async () => {
  const [shift, office, boss] = [
    await startHttpReceiver(),
    await startHttpReceiver(),
    await startHttpReceiver(),
  ];
  const agent = await startAgent(`  shift: { webhook: "${shift.url}", backup: office }
  office: { webhook: "${office.url}", devices: [press-*] }
  boss: { webhook: "${boss.url}", priority: critical }`);
  shift.answer(400);
  await agent.publish(250);
  await office.has(1);
  const outcomes = JSON.parse(await agent.command("notify", "test", "shift"));
  expect(outcomes).toEqual([{ address: "shift.webhook", error: null }]);
  await office.has(2);
  expect(toldTo(office)).toEqual([
    "raised notification-failing shift.webhook",
    "cleared notification-failing shift.webhook",
  ]);
  expect(toldTo(shift)).toEqual(["raised limit-hh temperature", "test test shift"]);
  expect(toldTo(boss)).toEqual([]);
  const journal = await agent.command("alarm", "journal");
  expect(journal).toContain("shift.webhook: ");
});
