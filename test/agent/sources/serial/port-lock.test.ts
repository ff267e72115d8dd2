import { expect, test } from "vitest";
import { lockHolder, ownerOf, programIn } from "#agent/sources/serial/port-lock.ts";

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

test.each([
  ["/usr/bin/minicom\0-D\0/dev/ttyUSB0\0", "minicom"],
  ["/usr/bin/python3\0-u\0/opt/tools/poll.py\0--password\0hunter2\0", "python3 tools/poll.py"],
  ["node\0--max-semi-space-size=8\0agent/main.ts\0run\0", "node agent/main.ts"],
])("%j is shown as %s: other words of a command line may be secrets", (commandLine, shown) => {
  expect(programIn(commandLine)).toBe(shown);
});
