// The import table of docs/architecture.md, as code. Anything not allowed here is an error.
const folder = (name) => `^${name}/`;
const npm = (...names) => `^node_modules/(${names.join("|")})/`;
const node = (...names) => `^(node:)?(${names.join("|")})$`;
const protocols = npm(
  "modbus-serial",
  "serialport",
  "mqtt",
  "mqtt-packet",
  "aedes",
  "protobufjs",
  "@lydell/node-pty",
);

export default {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-tests-in-product",
      severity: "error",
      from: { path: "^(agent|cloud|config|core|firmware-sim)/" },
      to: { path: "^test/" },
    },
  ],
  allowedSeverity: "error",
  allowed: [
    {
      from: { path: folder("core") },
      to: {
        path: [
          "^core/",
          npm("pino", "prom-client", "zod", "@azure/identity", "ws", "https-proxy-agent"),
        ],
      },
    },
    {
      from: { path: "^core/http/page-files\\.ts" },
      to: { path: node("fs/promises") },
    },
    { from: { path: "^core/folder\\.ts" }, to: { path: node("fs", "path") } },
    {
      from: { path: folder("core/notify") },
      to: { path: npm("nodemailer", "mqtt") },
    },
    { from: { path: folder("core/notify") }, to: { path: node("https", "fs/promises") } },
    {
      from: { path: folder("core") },
      to: {
        path: node("zlib", "http", "timers/promises", "crypto", "net", "util", "child_process"),
      },
    },
    {
      from: { path: folder("config") },
      to: { path: ["^(config|core)/", npm("zod", "yaml", "js-yaml", "string-width")] },
    },
    {
      from: { path: folder("config") },
      to: { path: node("fs", "path", "url", "util", "stream", "os") },
    },

    {
      from: { path: "^agent/(agent|kept-page|source-set|command-table|main)\\.ts" },
      to: { pathNot: "^(cloud|firmware-sim|test)/" },
    },
    {
      from: { path: "^agent/commands/" },
      to: { pathNot: "^(cloud|firmware-sim|test)/" },
    },
    {
      from: { path: folder("agent/sources") },
      to: { path: ["^(agent/sources|core|config)/", protocols] },
    },
    {
      from: { path: folder("agent/sources") },
      to: {
        path: node("net", "tls", "fs", "stream", "events", "timers", "timers/promises", "crypto"),
        dependencyTypes: ["core"],
      },
    },
    {
      from: { path: folder("agent/intake") },
      to: {
        path: [
          "^(agent/intake|agent/conditioning|agent/detect|core)/",
          "^agent/(alarms|sources|buffer)/contract",
        ],
      },
    },
    {
      from: { path: folder("agent/upkeep") },
      to: { path: ["^(agent/upkeep|core)/", "^agent/intake/contract"] },
    },
    {
      from: { path: folder("agent/upkeep") },
      to: { path: node("fs/promises", "path", "zlib"), dependencyTypes: ["core"] },
    },
    {
      from: { path: folder("agent/timekeeping") },
      to: { path: ["^(agent/timekeeping|core)/", "^agent/buffer/contract", npm("zod")] },
    },
    {
      from: { path: folder("agent/timekeeping") },
      to: {
        path: node("fs", "fs/promises", "path", "util", "child_process"),
        dependencyTypes: ["core"],
      },
    },
    { from: { path: folder("agent/conditioning") }, to: { path: "^(agent/conditioning|core)/" } },
    { from: { path: folder("agent/detect") }, to: { path: "^(agent/detect|core)/" } },
    {
      from: { path: folder("agent/buffer") },
      to: {
        path: ["^(agent/buffer|core)/", "^agent/sources/contract", npm("classic-level")],
      },
    },
    {
      from: { path: folder("agent/buffer") },
      to: {
        path: node("fs", "fs/promises", "path", "crypto", "zlib", "child_process"),
        dependencyTypes: ["core"],
      },
    },
    {
      from: { path: folder("agent/uplink") },
      to: { path: ["^(agent/uplink|core)/", "^agent/buffer/contract", npm("@azure/[^/]+")] },
    },
    {
      from: { path: folder("agent/control") },
      to: {
        path: [
          "^(agent/control|core)/",
          "^agent/((alarms|http|sources|buffer)/contract|sources/modbus/link)",
          npm("zod"),
        ],
      },
    },
    {
      from: { path: folder("agent/control") },
      to: { path: node("fs", "http", "net", "path"), dependencyTypes: ["core"] },
    },
    {
      from: { path: folder("agent/notify") },
      to: { path: ["^(agent/notify|core)/", "^agent/sources/modbus/link"] },
    },
    {
      from: { path: folder("agent/alarms") },
      to: { path: ["^(agent/alarms|core|config)/", npm("classic-level")] },
    },
    {
      from: { path: folder("agent/alarms") },
      to: { path: node("fs", "fs/promises", "path", "zlib"), dependencyTypes: ["core"] },
    },
    { from: { path: folder("agent/reload") }, to: { path: "^(agent/reload|config|core)/" } },
    { from: { path: folder("agent/http") }, to: { path: "^(agent/http|core)/" } },
    {
      from: { path: folder("agent/http") },
      to: { path: node("fs", "fs/promises", "path", "url", "http"), dependencyTypes: ["core"] },
    },

    { from: { path: "^cloud/(cloud|main)\\.ts" }, to: { pathNot: "^(agent|firmware-sim|test)/" } },
    {
      from: { path: "^cloud/commands/" },
      to: { pathNot: "^(agent|firmware-sim|test)/" },
    },
    {
      from: { path: folder("cloud/hub") },
      to: { path: ["^(cloud/hub|core)/", npm("rhea", "ws")] },
    },
    {
      from: { path: folder("cloud/hub") },
      to: {
        path: node(
          "net",
          "tls",
          "fs",
          "fs/promises",
          "path",
          "crypto",
          "zlib",
          "stream",
          "events",
          "http",
          "util",
        ),
        dependencyTypes: ["core"],
      },
    },
    {
      from: { path: folder("cloud/ingest") },
      to: {
        path: ["^(cloud/ingest|cloud/rollup|core)/", "^cloud/store/contract", npm("@azure/[^/]+")],
      },
    },
    {
      from: { path: folder("cloud/alarms") },
      to: {
        path: [
          "^(cloud/alarms|cloud/rollup|core|config)/",
          "^cloud/store/((desk-)?contract|alarm-row)",
        ],
      },
    },
    {
      from: { path: folder("cloud/alarms") },
      to: { path: node("crypto"), dependencyTypes: ["core"] },
    },
    { from: { path: folder("cloud/rollup") }, to: { path: "^(cloud/rollup|core)/" } },
    {
      from: { path: folder("cloud/store") },
      to: { path: ["^(cloud/store|cloud/rollup|core)/", npm("pg")] },
    },
    {
      from: { path: folder("cloud/store") },
      to: {
        path: node("sqlite", "fs", "fs/promises", "path", "crypto"),
        dependencyTypes: ["core"],
      },
    },
    {
      from: { path: folder("cloud/http") },
      to: { path: ["^(cloud/http|cloud/rollup|core)/", "^cloud/store/(desk-)?contract"] },
    },
    {
      from: { path: folder("cloud/http") },
      to: { path: node("fs", "fs/promises", "path", "url", "http"), dependencyTypes: ["core"] },
    },

    // A page imports by the addresses at which its server has the files.
    { from: { path: "/http/page/" }, to: { path: "^\\./(dom|uplot)\\.js$" } },

    { from: { path: folder("packaging") }, to: { path: folder("packaging") } },
    { from: { path: folder("packaging") }, to: { dependencyTypes: ["core"] } },
    {
      from: { path: "^firmware-sim/(signals|faults)/" },
      to: { path: "^(firmware-sim/(signals|faults)|core)/" },
    },
    {
      from: { path: folder("firmware-sim"), pathNot: "^firmware-sim/(signals|faults)/" },
      to: { path: ["^(firmware-sim|core|config)/", protocols] },
    },
    {
      from: { path: folder("firmware-sim"), pathNot: "^firmware-sim/(signals|faults)/" },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API yet: without swc this tool reads no .ts file and passes.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
