import { setImmediate as turn } from "node:timers/promises";
import type { BufferWriter, SegmentInput } from "#agent/buffer/contract.ts";
import { ReadingIntake, type ReadingIntakeOptions } from "#agent/intake/reading-intake.ts";
import type { AcceptOutcome } from "#agent/sources/contract.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";

/** When the tests' clock starts. */
export const T0 = 1_800_000_000_000;

/** A buffer in memory whose commits the test settles. */
export class FakeBuffer implements BufferWriter {
  readonly inputs: SegmentInput[] = [];
  readonly stored = new Map<string, Promise<AcceptOutcome>>();
  failure: Error | undefined;
  held: PromiseWithResolvers<void> | undefined;

  repeated(fingerprint: Uint8Array): Promise<AcceptOutcome> | undefined {
    return this.stored.get(Buffer.from(fingerprint).toString("hex"));
  }

  async append(input: SegmentInput): Promise<AcceptOutcome> {
    this.inputs.push(input);
    await this.held?.promise;
    await turn();
    if (this.failure) throw this.failure;
    return "stored";
  }
}

export function intakeWith(options: Partial<ReadingIntakeOptions> = {}): {
  intake: ReadingIntake;
  buffer: FakeBuffer;
  clock: ManualClock;
  alarms: RecordingAlarms;
} {
  const buffer = new FakeBuffer();
  const clock = new ManualClock(T0);
  const alarms = new RecordingAlarms();
  const intake = new ReadingIntake({
    devices: {},
    lanes: 8,
    buffer,
    alarms,
    clock,
    log: silentLogger,
    ...options,
  });
  return { intake, buffer, clock, alarms };
}
