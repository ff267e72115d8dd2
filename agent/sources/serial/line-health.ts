/** How a serial line and its device are: one sentence for the status, and what becomes an alarm. Pure. */
import type { Trouble } from "#agent/sources/contract.ts";
import { DEVICE_TAG, GATEWAY_DEVICE } from "#core/own-names.ts";
import { sampleOf } from "./sample.ts";

const NO_BYTES = Buffer.alloc(0);

/** More bytes than that tell nobody more. */
const UNFRAMED_MAX = 80;

export interface LineHealthOptions {
  /** The bus's name. */
  name: string;
  device: string;
}

export class LineHealth {
  readonly #options: LineHealthOptions;
  #portError: string | undefined;
  #lineError: string | undefined;
  /** Bytes since the last frame. */
  #unframed: Buffer = NO_BYTES;
  /** Lines came since the last one that could be read. */
  #hasUnreadLines = false;
  #isSilent = false;

  constructor(options: LineHealthOptions) {
    this.#options = options;
  }

  /** The first of what is not as it should be, as one sentence. */
  get complaint(): string | undefined {
    return this.#portError ?? this.#lineError;
  }

  portOpened(): void {
    this.#portError = undefined;
    this.#unframed = NO_BYTES;
  }

  portFailed(why: string): void {
    this.#portError = why;
  }

  /** The first bytes that no frame came of are kept, for whoever asks why nothing is read. */
  received(bytes: Uint8Array, hasFrames: boolean): void {
    if (hasFrames) this.#unframed = NO_BYTES;
    else if (this.#unframed.length < UNFRAMED_MAX) {
      this.#unframed = Buffer.concat([this.#unframed, bytes]).subarray(0, UNFRAMED_MAX);
    }
  }

  /** A line could be read. */
  matched(): void {
    this.#lineError = undefined;
    this.#hasUnreadLines = false;
    this.#isSilent = false;
  }

  unmatched(complaint: string): void {
    this.#hasUnreadLines = true;
    this.#lineError = complaint;
  }

  /** Nothing was read for the silence time. */
  silent(): void {
    this.#isSilent = true;
    this.#lineError ??= this.#whySilent();
  }

  /** Something else is wrong; what was said before is nearer to the cause. */
  complain(complaint: string): void {
    this.#lineError ??= complaint;
  }

  get troubles(): readonly Trouble[] {
    const { name, device } = this.#options;
    if (this.#portError !== undefined) {
      const message = `Nothing comes from bus ${name}: ${this.#portError}.`;
      return [{ device: GATEWAY_DEVICE, tag: name, rule: "dead", priority: "high", message }];
    }
    if (!this.#isSilent) return [];
    // Who sends what cannot be read is not silent.
    if (this.#hasUnreadLines || this.#unframed.length > 0) {
      const advice = this.#hasUnreadLines ? ": check baud, parity, cable and pattern" : "";
      const message = `Bus ${name} is noisy: ${this.#lineError}${advice}.`;
      return [{ device: GATEWAY_DEVICE, tag: name, rule: "noisy", priority: "medium", message }];
    }
    const message = `${device} says nothing. Check its power and its cable; see \`penstock read ${device}\`.`;
    return [{ device, tag: DEVICE_TAG, rule: "silent", priority: "medium", message }];
  }

  /** Bytes without a frame are a wrong speed, or another delimiter, and not silence. */
  #whySilent(): string {
    if (this.#unframed.length === 0) return "nothing was received for the silence time";
    const { text, hex } = sampleOf(this.#unframed);
    return `bytes came, and no frame: "${text}" (${hex}): check baud, parity and frame`;
  }
}
