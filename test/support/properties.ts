/**
 * fast-check with inputs that a run of the tests repeats: a failure in CI then tells of the change
 * that CI looked at, and of nothing that lay there before. To look further, let chance choose:
 * `PENSTOCK_TEST_SEED=random npm test`; fast-check prints the seed of what failed.
 */
import fc from "fast-check";

const wanted = process.env["PENSTOCK_TEST_SEED"] ?? "1";
if (wanted !== "random") {
  const seed = Number(wanted);
  if (!Number.isInteger(seed)) throw new Error(`PENSTOCK_TEST_SEED=${wanted} is no whole number`);
  fc.configureGlobal({ seed });
}

export { fc };
