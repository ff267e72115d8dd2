/** One hub a data folder: two would write the same segments. */
import { realpathSync } from "node:fs";
import { DataLock } from "#core/data-lock.ts";
import { PenstockError } from "#core/errors.ts";
import { makeDurableFolder } from "./durable-file.ts";

/** Makes the folder if need be; throws `HUB_LOG_FAILED` when another process holds it. */
export async function lockDataFolder(folder: string): Promise<DataLock> {
  makeDurableFolder(folder);
  const path = realpathSync(folder);
  const lock = new DataLock("hub");
  if (await lock.acquire(path)) return lock;
  const message = `Another hub already uses the data folder ${path}: stop it, or give this one another --data folder.`;
  throw new PenstockError("HUB_LOG_FAILED", message, { context: { path } });
}
