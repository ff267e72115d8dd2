import { expect, test } from "vitest";
import { alarmTable, journalTable } from "#config/command-line/alarm-tables.ts";
import { madeState } from "#test/core/notify/made-notice.ts";

test("nothing of a device's name or of a note can steer the terminal", () => {
  const hostile = "oven\u202E\u001B[31m\nred";
  const state = madeState();
  const { raised } = state;
  const listed = alarmTable([
    { ...state, key: hostile, raised: { ...raised, message: hostile } },
    { ...state, acknowledged: { by: hostile, note: "", at: 0 }, isAcknowledged: true },
  ]);
  const entry = { id: 1, at: 0, kind: "raised", key: hostile, by: hostile, note: hostile } as const;
  for (const table of [listed, journalTable([entry])]) {
    expect(table).toContain("oven [31m red");
    expect(table.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202E]/u);
  }
  expect(journalTable([entry]).split("\n")).toHaveLength(2);
});
