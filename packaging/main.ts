/** `npm run package`: the Debian package, with its own Node and nothing that it does not need. */
import { parseArgs } from "node:util";
import { ARCHITECTURES, isArchitecture } from "./architecture.ts";
import { buildPackage } from "./build-package.ts";

const HELP = `Builds penstock_VERSION_ARCH.deb.

  npm run package [-- --arch amd64|arm64] [--version VERSION] [--out FOLDER] [--json]

Needs dpkg-deb. The version is package.json's if left out, the folder is "dist".
`;

const { values } = parseArgs({
  options: {
    arch: { type: "string", default: "amd64" },
    version: { type: "string" },
    out: { type: "string", default: "dist" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else if (!isArchitecture(values.arch)) {
  process.stderr.write(`"${values.arch}" is none of ${ARCHITECTURES.join(", ")}.\n\n${HELP}`);
  process.exitCode = 2;
} else {
  const built = buildPackage({
    architecture: values.arch,
    version: values.version,
    outFolder: values.out,
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(values.json ? `${JSON.stringify(built)}\n` : `${built.file}\n`);
}
