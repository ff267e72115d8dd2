/** How a bus and its devices are: one sentence for the status, and what becomes an alarm. */
import type { Trouble } from "#agent/sources/contract.ts";
import { DEVICE_TAG, GATEWAY_DEVICE } from "#core/own-names.ts";
import type { DevicePoller } from "./device-poller.ts";
import type { WireLink } from "./wire-link.ts";

/** Names of silent devices in the status's sentence; the rest is a number. */
const NAMES_MAX = 5;

export interface BusHealthOptions {
  /** The bus's name. */
  name: string;
  /** Where it leads: `192.168.10.20:502`. */
  where: string;
  links: readonly WireLink[];
  pollers: readonly DevicePoller[];
}

export class BusHealth {
  readonly #options: BusHealthOptions;

  constructor(options: BusHealthOptions) {
    this.#options = options;
  }

  /** The devices that are not polled, because they gave nothing. */
  get silent(): readonly DevicePoller[] {
    return this.#options.pollers.filter((poller) => poller.breaker.state === "open");
  }

  /** The first of what is not as it should be, as one sentence. */
  get complaint(): string | undefined {
    const { links, pollers, where } = this.#options;
    if (links.every((link) => !link.isOpen)) {
      return `no connection to ${where}: ${links[0]?.lastError ?? "?"}`;
    }
    const noise = this.#noise;
    if (noise !== undefined) return noise;
    const { silent } = this;
    if (silent.length > 0) {
      const named = silent.slice(0, NAMES_MAX);
      const names = named.map(({ name, breaker }) => `${name} (${breaker.reason})`).join(", ");
      const more = silent.length > NAMES_MAX ? " and others" : "";
      return `${silent.length} of ${pollers.length} devices give no readings: ${names}${more}`;
    }
    const refusing = pollers.filter((poller) => poller.refusedTags > 0);
    if (refusing.length === 0) return undefined;
    const tags = refusing.reduce((sum, poller) => sum + poller.refusedTags, 0);
    return `${tags} tags are refused by their device, such as on ${refusing[0]?.name ?? "?"}`;
  }

  /**
   * A dead bus is one trouble, and not one of each device: those that had fallen silent before stay
   * so, and the rest is not asked.
   */
  troublesAt(nowMs: number): readonly Trouble[] {
    const { name, where, links, pollers } = this.#options;
    const troubles: Trouble[] = [];
    const [first] = links;
    if (first?.whyDead !== undefined && links.every(({ whyDead }) => whyDead !== undefined)) {
      const message = `Nothing comes from bus ${name}: no connection to ${where}: ${first.whyDead}. Check power, cable and address, and that no other program has the line.`;
      troubles.push({ device: GATEWAY_DEVICE, tag: name, rule: "dead", priority: "high", message });
    }
    const noise = this.#noise;
    if (noise !== undefined) {
      const message = `Bus ${name} is noisy: ${noise}.`;
      troubles.push({
        device: GATEWAY_DEVICE,
        tag: name,
        rule: "noisy",
        priority: "medium",
        message,
      });
    }
    const silent = pollers.filter(({ breaker }) => breaker.isSilent(nowMs));
    return [...troubles, ...silent.map((poller) => silenceOf(poller))];
  }

  get #noise(): string | undefined {
    return this.#options.links.find(({ noise }) => noise.complaint !== undefined)?.noise.complaint;
  }
}

function silenceOf({ name, unit, breaker }: DevicePoller): Trouble {
  const { reason } = breaker;
  const what =
    reason === "timeout"
      ? "does not answer. Check its power, its cable and its unit id;"
      : `gives no readings (${reason});`;
  const message = `${name} (unit ${unit}) ${what} see \`penstock read ${name} -v\`.`;
  return { device: name, tag: DEVICE_TAG, rule: "silent", priority: "medium", message };
}
