/**
 * The segment that takes up what arrives, until the next commit seals it. Everything added to it
 * shares its fate: on disk together, with the state that counts it, or abandoned together.
 */
import type { AcceptOutcome } from "#agent/sources/contract.ts";
import type { Clock } from "#core/clock.ts";
import type { BufferState } from "./buffer-state.ts";
import type { SealedWrite } from "./commit-loop.ts";
import type { SegmentInput } from "./contract.ts";
import type { SegmentWrite } from "./database.ts";
import type { LoadedSegmentInfo } from "./forward-queue.ts";
import type { MessageMemory } from "./message-memory.ts";
import { SegmentBuilder } from "./segment-builder.ts";
import { encodeSegment } from "./segment-codec.ts";

export interface OpenSegmentOptions {
  gateway: string;
  /** Advanced by each sealing. */
  state: BufferState;
  messages: MessageMemory;
  clock: Clock;
  /** Something was added; `first` where nothing was there before. */
  added: (first: boolean) => void;
  /** A segment is safe on disk. */
  written: (segment: LoadedSegmentInfo) => void;
}

export class OpenSegment {
  readonly #options: OpenSegmentOptions;
  #builder: SegmentBuilder;
  #fate = newFate();

  constructor(options: OpenSegmentOptions) {
    this.#options = options;
    this.#builder = new SegmentBuilder(options.state.lanes);
  }

  get bytes(): number {
    return this.#builder.bytes;
  }

  get isEmpty(): boolean {
    return this.#builder.isEmpty;
  }

  /** Resolves when the input is on disk; rejects when it is abandoned. */
  add(input: SegmentInput): Promise<AcceptOutcome> {
    const { promise } = this.#fate;
    const { fingerprint } = input.batch;
    if (fingerprint) this.#options.messages.storing(fingerprint, promise);
    this.tell((builder) => builder.add(input));
    return promise;
  }

  /** Adds what no source has sent, and nobody waits for. */
  tell(write: (builder: SegmentBuilder) => void): void {
    const first = this.isEmpty;
    write(this.#builder);
    this.#options.added(first);
  }

  /** What is to be written now. `forgotten` goes in the same batch; `firstSegment` is left then. */
  seal(forgotten: readonly LoadedSegmentInfo[], firstSegment: number): SealedWrite {
    const { state } = this.#options;
    for (const segment of forgotten) {
      state.storedBytes -= segment.bytes;
      state.storedSegments -= 1;
    }
    state.firstSegment = firstSegment;
    if (state.earlier) {
      state.earlier = state.earlier.filter((ended) => ended.endSegment > firstSegment);
    }
    const request = { state, forget: forgotten.map((segment) => segment.number), sync: false };
    if (this.isEmpty) return { request, written: () => {}, abandoned: () => {} };
    return this.#sealBuilder(request);
  }

  #sealBuilder(request: SegmentWrite): SealedWrite {
    const { state, messages, written } = this.#options;
    const [builder, fate] = [this.#builder, this.#fate];
    this.#builder = new SegmentBuilder(state.lanes);
    this.#fate = newFate();
    const { segment, bytes } = this.#number(builder);
    for (const [source, readings] of builder.readingsBySource) {
      state.readingsBySource[source] = (state.readingsBySource[source] ?? 0) + readings;
    }
    const seen = messages.record(builder.fingerprints);
    return {
      request: { ...request, put: { number: segment.number, bytes, seen }, sync: true },
      written: () => {
        messages.stored(builder.fingerprints);
        fate.resolve("stored");
        written(segment);
      },
      abandoned: (error) => {
        messages.abandoned(builder.fingerprints);
        fate.reject(error);
      },
    };
  }

  /** Gives the segment its number, and its chunks their seqs: they are used from here on. */
  #number(builder: SegmentBuilder): { segment: LoadedSegmentInfo; bytes: Buffer } {
    const { gateway, state, clock } = this.#options;
    const { epoch, nextSegment: number } = state;
    const committedAtMs = Math.max(clock.now(), state.latestMs ?? 0);
    state.latestMs = committedAtMs;
    const sealed = builder.seal(gateway, epoch, state.nextSeq);
    const bytes = encodeSegment(committedAtMs, epoch, sealed);
    state.nextSegment += 1;
    state.storedBytes += bytes.length;
    state.storedSegments += 1;
    const chunks = sealed.map(({ lane, seq, readings, line }) => {
      return { segment: number, epoch, lane, seq, readings, line };
    });
    return { segment: { number, committedAtMs, bytes: bytes.length, chunks }, bytes };
  }
}

/** Of all whose input is in the segment; nobody may be there to hear of it. */
function newFate(): PromiseWithResolvers<AcceptOutcome> {
  const fate = Promise.withResolvers<AcceptOutcome>();
  fate.promise.catch(() => {});
  return fate;
}
