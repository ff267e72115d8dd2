/** `doctor`: what on this machine may keep an agent from its work, each with its remedy. */
import { type ControlClient, findAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { reportOf, type StatusAnswer } from "../live/status-report.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";
import { checkClock, checkDisk, checkPermissions, checkPorts } from "./machine-checks.ts";
import { checkHosts, checkUplink } from "./network-checks.ts";

const SIGNS: Readonly<Record<Finding["state"], string>> = {
  ok: "ok      ",
  warning: "warning ",
  failed: "FAILED  ",
};

export const doctorCommand = declareCommand({
  name: "doctor",
  summary: "looks at clock, disk, permissions, network, uplink and ports; each with its remedy",
  description: "Exit code: 1 where something failed; warnings are no failure.",
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock doctor", does: "looks at everything that the file names" },
    { line: "sudo -u penstock penstock doctor", does: "as the agent's own user" },
  ],
  run: async ({ values, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const findings = await examine(settings);
    io.stdout.write(values.json ? `${JSON.stringify(findings)}\n` : findings.map(textOf).join(""));
    return findings.some(({ state }) => state === "failed") ? EXIT.failed : EXIT.fine;
  },
});

/** All findings, in the order from the machine outwards. */
export async function examine(settings: GatewaySettings): Promise<Finding[]> {
  const agent = await findAgent(settings.buffer.path);
  const [hosts, uplink] = await Promise.all([checkHosts(settings), checkUplink(settings)]);
  return [
    ...(await checkAgent(agent)),
    checkClock(systemClock),
    checkDisk(settings),
    checkPermissions(settings),
    ...checkPorts(settings, agent !== undefined),
    ...hosts,
    ...uplink,
  ];
}

async function checkAgent(agent: ControlClient | undefined): Promise<Finding[]> {
  if (!agent) {
    const remedy = "penstock run, or: sudo systemctl start penstock";
    return [warning("agent", "none runs on the buffer that the file names", remedy)];
  }
  const { severity, headline } = reportOf(await agent.ask<StatusAnswer>("GET /status"));
  if (severity === 0) return [ok("agent", headline)];
  const remedy = "penstock status tells all of it, docs/troubleshooting.md what to do";
  return [(severity === 1 ? warning : failed)("agent", headline, remedy)];
}

function textOf({ what, state, detail, remedy }: Finding): string {
  const line = `${SIGNS[state]} ${what}: ${detail}\n`;
  return remedy === undefined ? line : `${line}         → ${remedy}\n`;
}
