import { expect, test } from "vitest";
import { RTU, RtuRequests } from "#sim/modbus/rtu-frames.ts";

function sealed(hex: string): Buffer {
  const frame = Buffer.concat([Buffer.from(hex, "hex"), Buffer.alloc(2)]);
  RTU.seal(frame);
  return frame;
}

const READ = sealed("010300000002");
const WRITE_SEVERAL = sealed("0110000000020400070008");

test("a write of several registers is one request, however it is cut", () => {
  for (let cut = 1; cut < WRITE_SEVERAL.length; cut++) {
    const requests = new RtuRequests();
    expect(requests.push(WRITE_SEVERAL.subarray(0, cut))).toEqual([]);
    const rest = Buffer.concat([WRITE_SEVERAL.subarray(cut), READ]);
    expect(requests.push(rest)).toMatchObject([{ functionCode: 16 }, { functionCode: 3 }]);
  }
});

test("noise that looks like the begin of a long write holds up nothing", () => {
  const requests = new RtuRequests();
  expect(requests.push(Buffer.from("0110000000ffff", "hex"))).toEqual([]);
  expect(requests.push(READ)).toMatchObject([{ unitId: 1, functionCode: 3, length: 2 }]);
});
