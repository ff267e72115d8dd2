import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";

// Whole programs are started, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const root = join(import.meta.dirname, "../..");

function stored(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Files under version control, and those about to be. */
const files = execFileSync(
  "git",
  ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));

const pages = files.filter((path) => path.endsWith(".md"));

test("no file names a folder of the machine it was written on", () => {
  const local = /\/(?:work|home|root)\/|file:\/\/\/[a-z]/;
  const texts = files.filter((path) => !/\.(png|ico|woff2)$|package-lock/.test(path));
  expect(texts.filter((path) => local.test(stored(path)))).toEqual([]);
});

test("no file holds what a merge could not decide", () => {
  const texts = files.filter((path) => !/\.(png|ico|woff2)$/.test(path));
  const marked = texts.filter((path) => /^(?:<{7}|>{7}) /m.test(stored(path)));
  expect(marked).toEqual([]);
});

test("packages come from the public registry, whatever this machine is set to", () => {
  const hosts = [...stored("package-lock.json").matchAll(/"resolved": "\w+:\/\/([^/"]+)/g)];
  expect(hosts.filter(([, host]) => host !== "registry.npmjs.org")).toEqual([]);
  expect(files.filter((path) => path.endsWith(".npmrc"))).toEqual([]);
});

test.each(pages)("every link of %s leads to a file", (page) => {
  const links = [...stored(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const local = links.filter((target) => !/^(https?:|#|mailto:)/.test(target));
  const missing = local.filter((target) => {
    return !existsSync(join(root, dirname(page), target.split("#")[0] ?? ""));
  });
  expect(missing).toEqual([]);
});

/** As GitHub makes an anchor of a heading. */
function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "");
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\s-]/gu, "")
    .replaceAll(/\s/g, "-");
}

function anchorsIn(page: string): Set<string> {
  const prose = stored(page).replaceAll(/^```.*?^```/gms, "");
  return new Set(
    Array.from(prose.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => anchorOf(heading)),
  );
}

test.each(pages)("every link of %s into a page leads to one of its headings", (page) => {
  const links = [...stored(page).matchAll(/\]\(([^)\s:#]*)#([^)\s]+)\)/g)];
  const missing = links.filter(([, target = "", anchor = ""]) => {
    const other = target === "" ? page : join(dirname(page), target);
    return other.endsWith(".md") && !anchorsIn(other).has(anchor);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

test("each decision has its number in its title, and stands in the index", () => {
  const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page));
  const lines = decisions.map((page) => {
    const [, number, title] = /^# (\d{4}): (.+)\n/.exec(stored(page)) ?? [];
    return `- [${number}](${page.split("/").at(-1)}): ${title}`;
  });
  const index = stored("docs/decisions/README.md").split("\n");
  expect(index.filter((line) => line.startsWith("- "))).toEqual(lines);
  expect(decisions.filter((page, i) => !page.includes(`/${lines[i]?.slice(3, 7)}-`))).toEqual([]);
});

const scripts = Object.keys(JSON.parse(stored("package.json")).scripts);

test.each(pages)("every npm command of %s exists", (page) => {
  const used = [...stored(page).matchAll(/npm (?:run (?:-s )?|(?=start|test))([a-z:-]+)/g)].map(
    ([, name]) => name,
  );
  expect(used.filter((name = "") => !scripts.includes(name))).toEqual([]);
});

const programs = { agent: "agent/main.ts", cloud: "cloud/main.ts" } as const;

test.each(["agent", "cloud"] as const)(
  "every command of %s that a page names exists",
  (program) => {
    const named = new RegExp(`npm run -s ${program} -- ([a-z][a-z-]*)`, "g");
    const used = pages.flatMap((page) =>
      Array.from(stored(page).matchAll(named), ([, name]) => name),
    );
    const args = [join(root, programs[program]), "--help"];
    const help = execFileSync(process.execPath, args, { encoding: "utf8" });
    const offered = new Set(Array.from(help.matchAll(/^ {2}([a-z-]+) /gm), ([, name]) => name));
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !offered.has(name))).toEqual([]);
  },
);

test("every file is named in kebab-case", () => {
  const named =
    /^(\.?[a-z0-9]+([.-][a-z0-9]+)*|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md)$/;
  expect(files.filter((path) => !named.test(path.split("/").at(-1) ?? ""))).toEqual([]);
});

test(".ci/run installs every program that a test talks to", () => {
  const sources = files.filter((path) => /^test\/.*\.ts$/.test(path)).map(stored);
  const named = [...sources.join("\n").matchAll(/debianPackage: "([a-z0-9.+-]+)"/g)];
  const installed = stored(".ci/run")
    .match(/^ {4}[a-z0-9.+-]+/gm)
    ?.map((line) => line.trim());
  expect(named.length).toBeGreaterThan(3);
  expect(installed).toEqual(expect.arrayContaining([...new Set(named.map(([, name]) => name))]));
});
