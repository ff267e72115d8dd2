import { expect, test } from "vitest";
import { GuestQueue } from "#agent/sources/modbus/guest-queue.ts";

test("jobs are done one by one in the order of their coming", async () => {
  let arrivals = 0;
  const queue = new GuestQueue(() => (arrivals += 1));
  const done: number[] = [];
  const jobs = [1, 2].map((n) =>
    queue.add(async () => {
      done.push(n);
      return n;
    }),
  );
  expect([arrivals, queue.isEmpty, done]).toEqual([2, false, []]);
  await queue.serve();
  expect(done).toEqual([1]);
  await queue.serve();
  await queue.serve();
  expect(await Promise.all(jobs)).toEqual([1, 2]);
  expect(queue.isEmpty).toBe(true);
});

test("a job that fails costs its own caller only", async () => {
  const queue = new GuestQueue(() => {});
  const failing = queue.add(() => Promise.reject(new Error("broken")));
  const [[outcome]] = await Promise.all([Promise.allSettled([failing]), queue.serve()]);
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "broken" } });
});

test("more than 64 that wait are turned away, and so is everybody once the bus closes", async () => {
  const queue = new GuestQueue(() => {});
  const waiting = Array.from({ length: 64 }, () => queue.add(async () => 1));
  await expect(queue.add(async () => 1)).rejects.toMatchObject({ code: "BUS_BUSY" });
  const outcomes = Promise.allSettled(waiting);
  queue.close();
  expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
  await expect(queue.add(async () => 1)).rejects.toMatchObject({ code: "BUS_BUSY" });
});
