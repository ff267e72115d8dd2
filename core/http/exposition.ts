import { Counter, Gauge, Registry } from "prom-client";
import type { HttpReply } from "./server.ts";

type Labels = Readonly<Record<string, string>>;

/**
 * One answer to a Prometheus scrape, made from plain figures at the time of the scrape: the hot
 * paths count in plain numbers, and series of figures whose names come at run time need no list.
 */
export class Exposition {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  /** A figure that may fall. The names of a family's labels are those of its first figure. */
  gauge(name: string, help: string, value: number, labels: Labels = {}): void {
    let family = this.#gauges.get(name);
    if (!family) {
      const labelNames = Object.keys(labels);
      family = new Gauge({ name, help, labelNames, registers: [this.#registry] });
      this.#gauges.set(name, family);
    }
    family.set(labels, value);
  }

  /** A figure that only grows, and starts anew with the program. */
  counter(name: string, help: string, value: number, labels: Labels = {}): void {
    let family = this.#counters.get(name);
    if (!family) {
      const labelNames = Object.keys(labels);
      family = new Counter({ name, help, labelNames, registers: [this.#registry] });
      this.#counters.set(name, family);
    }
    family.inc(labels, Math.max(0, value));
  }

  async reply(): Promise<HttpReply> {
    const body = await this.#registry.metrics();
    return { kind: "text", body, contentType: "text/plain; version=0.0.4" };
  }
}
