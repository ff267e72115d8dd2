/** A notice by which people see that they are reached. Pure. */
import type { Notice } from "../alarms/contract.ts";

interface TestOrigin {
  readonly gateway: string;
  /** `GATEWAY_DEVICE` or `SINK` */
  readonly device: string;
  readonly nowMs: number;
}

export function testNotice(recipient: string, { gateway, device, nowMs }: TestOrigin): Notice {
  return {
    id: `test/${recipient}/${nowMs}`,
    key: `test/${recipient}`,
    kind: "test",
    at: nowMs,
    priority: "medium",
    title: `Test: ${recipient} can be told of alarms`,
    gateway,
    device,
    tag: recipient,
    rule: "test",
    value: 0,
    expected: 0,
    message: "Somebody tried whether this works. It does, and nothing is wrong.",
    since: nowMs,
  };
}
