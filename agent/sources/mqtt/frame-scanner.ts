/**
 * Follows the boundaries of MQTT control packets in a byte stream, without keeping any byte, so that
 * a packet is refused by the length in its header, before anyone buffers it. Knows only fixed
 * headers (MQTT 3.1.1, section 2.2); what is in the packets is for the real parser.
 */

export type FrameFault = "no connect" | "packet too large" | "malformed header";

export interface FrameLimits {
  /** Bytes of a PUBLISH after its fixed header. */
  publishBytesMax: number;
}

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;

/** Client id, will, user and password; whoever sends it is a stranger yet. */
const CONNECT_BYTES_MAX = 16 * 1024;
const SUBSCRIBE_BYTES_MAX = 64 * 1024;
/** Acknowledgements have two bytes, PINGREQ and DISCONNECT none. */
const OTHER_BYTES_MAX = 2;

/** The remaining length has at most four bytes of seven bits each. */
const LENGTH_SHIFT_MAX = 21;

export class FrameScanner {
  readonly #limits: FrameLimits;
  /** Type of the packet whose header is being read; undefined between packets. */
  #type: number | undefined;
  #length = 0;
  #shift = 0;
  /** Bytes of the present packet's body that are still to come. */
  #bodyBytesLeft = 0;
  #isConnected = false;
  #publishes = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** True when a packet has begun and not ended. */
  get isMidPacket(): boolean {
    return this.#type !== undefined || this.#bodyBytesLeft > 0;
  }

  /** PUBLISH packets that have begun so far. */
  get publishes(): number {
    return this.#publishes;
  }

  /** Follows the next bytes. After a fault the connection must be closed. */
  scan(bytes: Uint8Array): FrameFault | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#bodyBytesLeft > 0) {
        const taken = Math.min(this.#bodyBytesLeft, bytes.length - at);
        this.#bodyBytesLeft -= taken;
        at += taken;
      } else {
        const fault = this.#readHeader(bytes[at] ?? 0);
        if (fault) return fault;
        at += 1;
      }
    }
    return undefined;
  }

  #readHeader(byte: number): FrameFault | undefined {
    if (this.#type === undefined) {
      this.#type = byte >> 4;
      if (this.#isConnected || this.#type === CONNECT) return undefined;
      return "no connect";
    }
    this.#length += (byte & 0x7f) << this.#shift;
    if (this.#length > this.#bytesMax(this.#type)) return "packet too large";
    if (byte >= 0x80) {
      this.#shift += 7;
      return this.#shift > LENGTH_SHIFT_MAX ? "malformed header" : undefined;
    }
    this.#isConnected = true;
    if (this.#type === PUBLISH) this.#publishes += 1;
    this.#bodyBytesLeft = this.#length;
    this.#type = undefined;
    this.#length = 0;
    this.#shift = 0;
    return undefined;
  }

  #bytesMax(type: number): number {
    switch (type) {
      case CONNECT:
        return CONNECT_BYTES_MAX;
      case PUBLISH:
        return this.#limits.publishBytesMax;
      case SUBSCRIBE:
      case UNSUBSCRIBE:
        return SUBSCRIBE_BYTES_MAX;
      default:
        return OTHER_BYTES_MAX;
    }
  }
}
