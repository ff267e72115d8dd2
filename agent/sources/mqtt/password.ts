/**
 * Passwords are kept as `scrypt:N:r:p:SALT:HASH` (RFC 7914; salt and hash in base64). Memory per
 * check is 128·N·r bytes, so N and r are bounded: the file is trusted, a typing error is not.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface ScryptHash {
  cost: number;
  blockSize: number;
  parallelization: number;
  salt: Buffer;
  hash: Buffer;
}

const FORM =
  /^scrypt:(\d{1,7}):(\d{1,2}):(\d{1,2}):([A-Za-z0-9+/=]{8,128}):([A-Za-z0-9+/=]{16,128})$/;

/** 16 MiB a check, and some 50 ms: a plant of devices comes back at once after a restart. */
const COST = 16_384;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;

/** For the configuration's `password`. */
export async function hashPassword(password: string): Promise<string> {
  const made = {
    cost: COST,
    blockSize: BLOCK_SIZE,
    parallelization: PARALLELIZATION,
    salt: randomBytes(SALT_BYTES),
    hash: Buffer.alloc(HASH_BYTES),
  };
  const hash = await derive(Buffer.from(password), made);
  const numbers = `${COST}:${BLOCK_SIZE}:${PARALLELIZATION}`;
  return `scrypt:${numbers}:${made.salt.toString("base64")}:${hash.toString("base64")}`;
}

/** False for a wrong password, and for a hash that is none. */
export async function isPassword(given: Uint8Array, expected: string): Promise<boolean> {
  const parsed = parse(expected);
  if (!parsed) return false;
  return timingSafeEqual(await derive(given, parsed), parsed.hash);
}

function parse(text: string): ScryptHash | undefined {
  const [, cost, blockSize, parallelization, salt, hash] = FORM.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  return {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

async function derive(password: Uint8Array, settings: ScryptHash): Promise<Buffer> {
  const { cost, blockSize, parallelization, salt, hash } = settings;
  const options = { cost, blockSize, parallelization, maxmem: MEMORY_BYTES_MAX };
  return await new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, derived) => {
      if (error) reject(error);
      else resolve(derived);
    });
  });
}
