/**
 * An agent over the changes of its configuration. A change is loaded, compared, and only what differs
 * starts anew; a file with faults leaves the last good one running, and says so. One change at a
 * time; what comes meanwhile is one more.
 */
import { statSync } from "node:fs";
import type { Agent } from "#agent/agent.ts";
import { planText } from "#agent/reload/reload-plan.ts";
import { ConfigError } from "#config/faults/faults.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { byPath, flatSettings } from "#config/loading/flat-settings.ts";
import type { LoadedGateway } from "#config/loading/load-config.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";

export interface AgentLifeOptions {
  file: string;
  /** @throws ConfigError */
  load: () => LoadedGateway;
  makeAgent: (settings: GatewaySettings, configuration: () => Record<string, string>) => Agent;
  clock: Clock;
  log: Logger;
}

const LOOK_EVERY_MS = 2000;

/** Without the parsed files, which are five times as large as the settings, and asked for by nobody. */
type Taken = Pick<LoadedGateway, "settings" | "files" | "secrets">;

export class AgentLife {
  readonly #options: AgentLifeOptions;
  #loaded: Taken | undefined;
  #loadedAtMs = 0;
  #agent: Agent | undefined;
  /** What the files looked like when they were last read. */
  #seen = "";
  #timer: Timer | undefined;
  #changing: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(options: AgentLifeOptions) {
    this.#options = options;
  }

  /** @throws ConfigError; PenstockError of the agent's start */
  async start(): Promise<Agent> {
    const { load, clock } = this.#options;
    const loaded = taken(load());
    const agent = await this.#begin(loaded);
    this.#seen = this.#look(loaded.files);
    this.#timer = clock.every("configuration", LOOK_EVERY_MS, () => this.#lookAgain());
    return agent;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#changing;
    await this.#agent?.stop();
  }

  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** Never rejects: what goes wrong is logged, and shown in the status. */
  async reload(): Promise<void> {
    if (this.#changing) {
      this.#isAskedAgain = true;
      return await this.#changing;
    }
    this.#changing = this.#changeAll();
    await this.#changing;
    this.#changing = undefined;
  }

  async #changeAll(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      await this.#change();
    } while (this.#isAskedAgain);
  }

  async #change(): Promise<void> {
    const { load, log } = this.#options;
    this.#seen = this.#look(this.#loaded?.files ?? []);
    try {
      const loaded = taken(load());
      await this.#goOver(loaded);
      this.#seen = this.#look(loaded.files);
      this.#tell([]);
    } catch (error) {
      const faults = error instanceof ConfigError ? error.faults.map(headline) : [messageOf(error)];
      log.error({ faults }, "the configuration cannot be taken over: the last good one runs");
      this.#tell(faults);
    }
  }

  async #goOver(loaded: Taken): Promise<void> {
    const agent = this.#agent;
    const before = this.#loaded;
    if (!agent || !before) return;
    const plan = agent.planFor(loaded.settings);
    this.#options.log.info({ plan: planText(plan) }, "the configuration changes");
    if (plan.whole.length === 0) {
      await agent.reload(loaded.settings);
      this.#loaded = loaded;
      this.#loadedAtMs = this.#options.clock.now();
      return;
    }
    await agent.stop();
    try {
      await this.#begin(loaded);
    } catch (error) {
      await this.#begin(before);
      throw error;
    }
  }

  async #begin(loaded: Taken): Promise<Agent> {
    const { makeAgent, clock } = this.#options;
    const agent = makeAgent(loaded.settings, () => this.#flat());
    try {
      await agent.start();
    } catch (error) {
      await agent.stop();
      throw error;
    }
    this.#agent = agent;
    this.#loaded = loaded;
    this.#loadedAtMs = clock.now();
    this.#tell([]);
    return agent;
  }

  #tell(faults: readonly string[]): void {
    const { file } = this.#options;
    this.#agent?.tellConfiguration({ file, loadedAt: this.#loadedAtMs, faults });
  }

  /** For `config diff`: without secrets. */
  #flat(): Record<string, string> {
    const loaded = this.#loaded;
    return loaded ? byPath(flatSettings(loaded.settings, loaded.secrets)) : {};
  }

  #lookAgain(): void {
    const { file } = this.#options;
    if (this.#changing || this.#look(this.#loaded?.files ?? [file]) === this.#seen) return;
    void this.reload();
  }

  /** Time and size of each file, and of the folder of the further ones: a new one changes it. */
  #look(files: readonly string[]): string {
    const { file } = this.#options;
    const paths = [...files, file.replace(/[^/]*$/, "conf.d")];
    return paths
      .map((path) => statSync(path, { throwIfNoEntry: false }))
      .map((stat) => (stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : "absent"))
      .join(",");
  }
}

function taken({ settings, files, secrets }: LoadedGateway): Taken {
  return { settings, files, secrets };
}

function headline({ file, line, message, suggestion }: ConfigError["faults"][number]): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return `${place}: ${message}${suggestion === undefined ? "" : ` (${suggestion})`}`;
}
