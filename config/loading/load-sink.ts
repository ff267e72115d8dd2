/** Loads the sink's configuration, apart from the gateway's: neither program needs the other's schema. */
import { checkSink } from "../checks/sink-checks.ts";
import { type SinkSettings, sinkSchema } from "../sink.ts";
import { type ConfigInput, folderOf, loadFile } from "./load-file.ts";
import { secretSourcesIn } from "./secret-sources.ts";

/** @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadSink(
  input: ConfigInput,
  secrets = secretSourcesIn(folderOf(input)),
): SinkSettings {
  return loadFile(input, secrets, { schema: sinkSchema, check: checkSink }).settings;
}
