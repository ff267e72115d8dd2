/** `plan FILE`: the requests that polling will make, their bytes, and the load of each bus. */
import { planBuses } from "#agent/sources/modbus/bus-plan.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { configFileOf } from "../config-file.ts";
import { renderPlan } from "./plan-report.ts";

const ANSWER_MS_DEFAULT = "10";
const ANSWER_MS_MAX = 60_000;

export const planCommand = declareCommand({
  name: "plan",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "tells the requests, bytes and load of each Modbus bus, offline",
  description: `Nothing is opened but the file. For each device: which registers are read together, how often, in how many
bytes, and for how long that keeps the bus busy; for each bus, how much of its time is taken. Exit code: 0 all buses
keep their rhythm, 1 one cannot, 78 faults in the file.`,
  options: {
    answer: {
      type: "string",
      value: "MS",
      default: ANSWER_MS_DEFAULT,
      means: "how long a device takes until it answers",
    },
    ...JSON_OPTION,
  },
  examples: [
    { line: "penstock plan gateway.yaml", does: "before the first poll" },
    {
      line: "penstock plan gateway.yaml --answer 80",
      does: "for meters that need 80 ms to answer",
    },
  ],
  run: ({ values, operands, io }) => {
    const settings = loadGateway(configFileOf(operands[0], io.env));
    const answerMs = answerMsOf(values.answer);
    const buses = planBuses(settings, answerMs);
    io.stdout.write(
      values.json
        ? `${JSON.stringify({ gateway: settings.gateway, answerMs, buses })}\n`
        : renderPlan(settings.gateway, answerMs, buses),
    );
    return buses.some((bus) => bus.load > 1) ? EXIT.failed : EXIT.fine;
  },
});

/** @throws Misuse */
function answerMsOf(text: string): number {
  const ms = text.trim() === "" ? Number.NaN : Number(text);
  if (ms >= 0 && ms <= ANSWER_MS_MAX) return ms;
  throw new Misuse(`--answer ${text}: expected milliseconds, from 0 to ${ANSWER_MS_MAX}`);
}
