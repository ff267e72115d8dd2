/** Where this process finds the secrets of a configuration: in its environment, and beside the file. */
import { join } from "node:path";
import type { SecretSources } from "./secrets.ts";

const SECRETS_FILE = "secrets.yaml";

/** @param folder where the configuration is */
export function secretSourcesIn(folder: string): SecretSources {
  const { env } = process;
  const secretsFile = join(folder, SECRETS_FILE);
  return { credentialsDirectory: env["CREDENTIALS_DIRECTORY"], secretsFile, environment: env };
}
