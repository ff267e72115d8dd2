import { expect, test } from "vitest";
import { NoiseWatch } from "#agent/sources/modbus/noise-watch.ts";

const NOISE = Uint8Array.from([0xfe, 0x80]);
const SILENCE = new Uint8Array();

/** The last ones are noisy. */
function watched(requests: number, noisy: number): NoiseWatch {
  const watch = new NoiseWatch();
  for (let i = requests; i > 0; i--) watch.ended(i > noisy, i > noisy ? SILENCE : NOISE);
  return watch;
}

test("more than one noisy answer in twenty is told, with its bytes", () => {
  expect(watched(100, 6).complaint).toContain(
    "6 of the last 100 requests got bytes that are no answer (fe 80): check baud",
  );
  expect(watched(100, 5).complaint).toBeUndefined();
});

test("one or two may be chance, three of a few are not", () => {
  expect(watched(10, 2).complaint).toBeUndefined();
  expect(watched(3, 3).complaint).toBeDefined();
});

test("silence is no noise, nor is what came before a good answer", () => {
  const watch = new NoiseWatch();
  for (let i = 0; i < 50; i++) {
    watch.ended(false, SILENCE);
    watch.ended(true, NOISE);
  }
  expect(watch.complaint).toBeUndefined();
  expect(watch.total).toBe(0);
});

test("what is mended is forgotten, and only counted", () => {
  const watch = watched(100, 100);
  for (let i = 0; i < 100; i++) watch.ended(true, SILENCE);
  expect(watch.complaint).toBeUndefined();
  expect(watch.total).toBe(100);
});

test("a line that was noisy is good again at two in a hundred, and not just below the limit", () => {
  const watch = watched(100, 10);
  for (let i = 0; i < 97; i++) watch.ended(true, SILENCE);
  expect(watch.complaint).toContain("3 of the last 100 requests");
  watch.ended(true, SILENCE);
  expect(watch.complaint).toBeUndefined();
});
