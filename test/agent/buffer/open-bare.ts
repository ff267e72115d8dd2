/** A child process that opens a LevelDB without any guard of ours, and prints how that went. */
import { ClassicLevel } from "classic-level";

try {
  await new ClassicLevel(process.argv[2] ?? "").open();
  console.log("opened");
} catch (error) {
  const cause = error instanceof Error ? error.cause : undefined;
  console.log(cause instanceof Error && "code" in cause ? cause.code : error);
}
