import { describe, expect, test } from "vitest";
import { AttendanceList } from "#cloud/alarms/absence.ts";

describe("the attendance list", () => {
  test("misses who was heard once and is silent for long enough, and tells it once", () => {
    const list = new AttendanceList(90);
    list.hear("pump", 1000);
    expect(list.judge(1089)).toEqual([]);
    const missed = { subject: "pump", heardAtMs: 1000, change: "active" };
    expect(list.judge(1090)).toEqual([missed]);
    expect(list.judge(2000)).toEqual([]);
  });

  test("tells once that somebody is back, also of whom it only remembers the alarm", () => {
    const list = new AttendanceList(90);
    list.remember("oven");
    expect(list.judge(5000)).toEqual([]);
    list.hear("oven", 6000);
    list.hear("oven", 5900);
    expect(list.judge(6010)).toEqual([{ subject: "oven", heardAtMs: 6000, change: "cleared" }]);
    expect(list.judge(6020)).toEqual([]);
  });

  test("gives all as long as ever to come again after time has leapt", () => {
    const list = new AttendanceList(90_000);
    list.hear("pump", 0);
    expect(list.judge(60_000)).toEqual([]);
    expect(list.judge(3_600_000)).toEqual([]);
    expect(list.judge(3_660_000)).toEqual([]);
    const missed = { subject: "pump", heardAtMs: 3_600_000, change: "active" };
    expect(list.judge(3_690_000)).toEqual([missed]);
  });

  test("does not end an alarm for a sign of life that is old already", () => {
    const list = new AttendanceList(90);
    list.remember("oven");
    list.hear("oven", 1000);
    expect(list.judge(2000)).toEqual([]);
  });
});
