import { expect, test } from "vitest";
import { lockHolder, ownerOf } from "#agent/sources/serial/port-lock.ts";

const LOCKS = `1: POSIX  ADVISORY  WRITE 812 00:1a:4 0 EOF
2: FLOCK  ADVISORY  WRITE 1234 00:1a:4 0 EOF
2: -> FLOCK  ADVISORY  WRITE 1300 00:1a:4 0 EOF
3: FLOCK  ADVISORY  WRITE 99 00:05:4 0 EOF
`;

test("finds the process that holds the lock on a file, by device and inode", () => {
  expect(lockHolder(LOCKS, "00:1a", 4)).toBe(1234);
  expect(lockHolder(LOCKS, "00:05", 4)).toBe(99);
  expect(lockHolder(LOCKS, "00:1a", 5)).toBeUndefined();
  expect(lockHolder("", "00:1a", 4)).toBeUndefined();
});

test("a port that is not there has no owner", () => {
  expect(ownerOf("/dev/penstock-no-such-port")).toBeUndefined();
});
