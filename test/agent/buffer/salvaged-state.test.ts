import { ClassicLevel } from "classic-level";
import { expect, onTestFinished, test } from "vitest";
import { decodeState, encodeState, newState } from "#agent/buffer/buffer-state.ts";
import { STATE_KEY } from "#agent/buffer/keys.ts";
import { settleSalvage } from "#agent/buffer/salvaged-state.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

test("a repair tells of lost chunks of earlier epochs, too, and from where on nobody knows", async () => {
  const database = new ClassicLevel<string, Buffer>(await tempFolder(), {
    valueEncoding: "buffer",
  });
  await database.open();
  onTestFinished(() => database.close());
  const state = newState({ gateway: "hall-3", machineId: "machine-a", lanes: 2 });
  const earlier = [{ epoch: "before", nextSeq: [3, 0], endSegment: 4 }];
  const damaged = { ...state, epoch: "now", nextSeq: [0, 2], nextSegment: 7, earlier };
  await database.put(STATE_KEY, encodeState(damaged));
  await settleSalvage(database);
  const settled = decodeState((await database.get(STATE_KEY))!);
  expect(settled?.untold).toMatchObject([
    { lane: 0, gap: { epoch: "before", fromSeq: 0, toSeq: 2 } },
    { lane: 1, gap: { epoch: "now", fromSeq: 0, toSeq: 1 } },
    { lane: 0, gap: { epoch: "now", fromSeq: 0 } },
    { lane: 1, gap: { epoch: "now", fromSeq: 2 } },
  ]);
  expect(settled?.earlier).toEqual([...earlier, { epoch: "now", nextSeq: [0, 2], endSegment: 7 }]);
});
