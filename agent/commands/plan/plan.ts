/** `plan FILE`: the requests that polling will make, their bytes, and the load of each bus. */
import { planBuses } from "#agent/sources/modbus/bus-plan.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { millisecondsIn } from "#config/command-line/duration-option.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { renderPlan } from "./plan-report.ts";

const ANSWER_MS_DEFAULT = "10";
const ANSWER_MS = { min: 0, max: 60_000 };

export const planCommand = declareCommand({
  name: "plan",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "tells the requests, bytes and load of each Modbus bus, offline",
  description: `Nothing is opened but the file. For each device: which registers are read together, how often, in how many
bytes, and for how long that keeps the bus busy; for each bus, how much of its time is taken. Exit code: 0 all buses
keep their rhythm, 1 one cannot, 78 faults in the file.`,
  options: {
    ...CONFIG_OPTION,
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
    const settings = loadGateway(configFileOf(operands[0] ?? values.config, io.env));
    const answerMs = millisecondsIn(values.answer, "answer", ANSWER_MS);
    const buses = planBuses(settings, answerMs);
    io.stdout.write(
      values.json
        ? `${JSON.stringify({ gateway: settings.gateway, answerMs, buses })}\n`
        : renderPlan(settings.gateway, answerMs, buses),
    );
    return buses.some((bus) => bus.load > 1) ? EXIT.failed : EXIT.fine;
  },
});
