/**
 * The partition of a partition key, as Event Hubs computes it: Bob Jenkins' lookup3 (hashlittle2,
 * http://burtleburtle.net/bob/c/lookup3.c), folded to 16 bits. The SDK's buffered producer has the
 * same function, and both must agree.
 */
const INITIAL = 0xdeadbeef;
const ROUND_BYTES = 12;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

type State = [a: number, b: number, c: number];

function mix(state: State, data: Buffer, at: number): State {
  let a = (state[0] + data.readInt32LE(at)) | 0;
  let b = (state[1] + data.readInt32LE(at + 4)) | 0;
  let c = (state[2] + data.readInt32LE(at + 8)) | 0;
  a = ((a - c) | 0) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = ((b - a) | 0) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = ((c - b) | 0) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = ((a - c) | 0) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = ((b - a) | 0) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = ((c - b) | 0) ^ rotate(b, 4);
  b = (b + a) | 0;
  return [a, b, c];
}

function finish(state: State, tail: Buffer): State {
  let a = (state[0] + tail.readInt32LE(0)) | 0;
  let b = (state[1] + tail.readInt32LE(4)) | 0;
  let c = (state[2] + tail.readInt32LE(8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return [a, b, c];
}

function hash16(key: string): number {
  const data = Buffer.from(key, "utf8");
  const start = (INITIAL + data.length) | 0;
  let state: State = [start, start, start];
  let at = 0;
  for (; data.length - at > ROUND_BYTES; at += ROUND_BYTES) state = mix(state, data, at);
  if (data.length > at) {
    const tail = Buffer.alloc(ROUND_BYTES);
    data.copy(tail, 0, at);
    state = finish(state, tail);
  }
  return ((state[1] ^ state[2]) << 16) >> 16;
}

/** The partition, 0 … partitions − 1, on which events with this key land. */
export function partitionOfKey(key: string, partitions: number): number {
  return Math.abs(hash16(key) % partitions);
}
