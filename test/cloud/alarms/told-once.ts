/** What every store must do for its alarms, whichever sink is killed when. */
import { expect } from "vitest";
import type { AlarmTransition } from "#core/alarm.ts";
import type { ChunkContent } from "#core/chunk.ts";
import type { AlarmPlant, AlarmSink } from "./alarm-plant.ts";
import { recentMinute } from "./alarm-plant.ts";

const MINUTE_MS = 60_000;

const local: AlarmTransition = {
  id: "press-1 limit-hh 1",
  device: "press-1",
  tag: "pressure",
  rule: "limit-hh",
  state: "active",
  priority: "critical",
  ts: recentMinute(),
  value: 12,
  expected: 10,
  message: "pressure is 12 bar, above 10 bar",
};

/**
 * The holder of the desk is killed while the webhook has a notice, and has not answered.
 * @param rival goes on with its work: another sink that stands by, or the same one once more
 */
export async function tellsOnce(
  plant: AlarmPlant,
  holder: AlarmSink,
  rival: () => Promise<AlarmSink>,
): Promise<void> {
  await holder.holds();
  const minute = recentMinute();
  plant.webhook.answer(200, () => undefined);
  // A gateway's own alarm, which comes twice, as after a lost confirmation.
  const chunk: ChunkContent = { kind: "alarm", transitions: [local] };
  await plant.sendContent("hall-4", chunk, 0);
  await plant.sendContent("hall-4", chunk, 0);
  await plant.isTold("press-1");
  await plant.send("oven-1", minute, 250, 252);
  await plant.send("oven-1", minute + MINUTE_MS, 251);
  const [notice] = await plant.isTold("oven-1");
  expect(notice).toMatchObject({ rule: "too hot", value: 251, expected: 245, priority: "high" });
  expect(notice).toMatchObject({ action: "Close the gas valve.", since: minute, points: [251] });
  expect(notice?.acknowledge).toBe(
    `penstock-cloud alarm ack --config ${holder.file} 'hall-3/oven-1/temperature/too hot'`,
  );

  await holder.kill();
  // Meanwhile the oven stays hot, and another one becomes so.
  await plant.send("oven-2", minute + MINUTE_MS, 300);
  await plant.send("oven-1", minute + 2 * MINUTE_MS, 260);
  const next = await rival();
  await next.holds();
  await plant.isTold("oven-2");
  await plant.send("oven-1", minute + 3 * MINUTE_MS, 200);
  await plant.send("oven-1", minute + 4 * MINUTE_MS, 200);
  await plant.isTold("oven-1", "cleared");
  await next.isQuiet();

  // Each raise is in the journal once; what was told again bears the same id.
  const raised = (await next.journal()).filter((entry) => entry.endsWith(" raised"));
  expect(raised.toSorted()).toEqual(["oven-1 raised", "oven-2 raised", "press-1 raised"]);
  const ids = plant.told.map(({ id, device, kind }) => `${device} ${kind} ${id}`);
  const kinds = [...new Set(ids)].map((text) => text.split(" ").slice(0, 2).join(" "));
  expect(kinds.toSorted()).toEqual([
    "oven-1 cleared",
    "oven-1 raised",
    "oven-2 raised",
    "press-1 raised",
  ]);
  const told = await plant.isTold("oven-1");
  expect(told.map(({ id }) => id)).toEqual([notice?.id, notice?.id]);
  expect(await plant.isTold("press-1")).toHaveLength(1);

  expect(await next.command("alarm", "ack", "hall-3/oven-2", "--note", "seen")).toBe(0);
  expect(await next.journal()).toContain("oven-2 acknowledged");
}
