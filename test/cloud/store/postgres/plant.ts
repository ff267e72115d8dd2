/**
 * Sinks as processes of their own on one PostgreSQL, before the embedded hub, and a sender that knows
 * what the rows must say in the end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventHubProducerClient } from "@azure/event-hubs";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import { CHUNK_CONTENT_TYPE, encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { block, chunkId, MINUTE, readings } from "#test/contracts/store-fixtures.ts";
import { eventually, impatient, startTestHub, TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { PostgresServer } from "#test/support/postgres.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../../../cloud/main.ts", import.meta.url));
const LANES = 8;
const SEND_EVERY_MS = 20;
/** Programs start, are found to be dead, and are replaced; on a busy machine each takes its time. */
export const PLANT_TIMEOUT_MS = 180_000;
export const PATIENCE_MS = 60_000;

export class Plant {
  readonly server: PostgresServer;
  readonly #hub: TestHub;
  readonly #folder: string;
  readonly #url: string;
  readonly #producer: EventHubProducerClient;
  readonly #seqs: number[] = Array.from({ length: LANES }, () => 0);
  #sinks = 0;
  #isSending = true;
  #sending: Promise<void> | undefined;

  private constructor(server: PostgresServer, hub: TestHub, folder: string, url: string) {
    this.server = server;
    this.#hub = hub;
    this.#folder = folder;
    this.#url = url;
    this.#producer = new EventHubProducerClient(hub.connectionString, impatient);
  }

  /** Goes with the test. */
  static async start(): Promise<Plant> {
    const server = await PostgresServer.start();
    onTestFinished(() => server.remove());
    const hub = await startTestHub({ partitions: 4 });
    onTestFinished(() => hub.stop());
    const plant = new Plant(server, hub, await tempFolder(), await server.emptyDatabase());
    onTestFinished(async () => {
      await plant.stopSending();
      await plant.#producer.close();
    });
    return plant;
  }

  /** A sink process; it is killed at the test's end. */
  async startSink(): Promise<SinkProcess> {
    this.#sinks += 1;
    const file = join(this.#folder, `sink-${this.#sinks}.yaml`);
    writeFileSync(file, this.#config());
    const child = spawn(process.execPath, [MAIN, "sink", "--config", file, "--json"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const [first]: Buffer[] = await once(child.stdout, "data");
    const { listening }: { listening: string } = JSON.parse(String(first));
    return new SinkProcess(child, listening);
  }

  /** Sends without end: each chunk holds two readings, whose values are its seq. */
  startSending(): void {
    this.#sending = this.#send();
  }

  async stopSending(): Promise<void> {
    this.#isSending = false;
    await this.#sending;
  }

  /** Stops sending, and waits until a sink has counted as many readings as were sent. */
  async drain(sink: SinkProcess): Promise<void> {
    await this.stopSending();
    const sent = 2 * this.#seqs.reduce((sum, seqs) => sum + seqs, 0);
    const isDrained = async (): Promise<boolean> => {
      const rows = await sink.rows("1m");
      return rows.reduce((sum, { count }) => sum + count, 0) >= sent;
    };
    await eventually("all readings are counted", isDrained, PATIENCE_MS);
  }

  /** What the rows of each width must say, exactly. */
  expectedRows(): CountedRow[] {
    return this.#seqs.map((seqs, lane) => ({
      device: `device-${lane}`,
      count: seqs * 2,
      sum: (seqs - 1) * seqs,
    }));
  }

  /** Answers of the database itself. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.#url });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }

  async #send(): Promise<void> {
    while (this.#isSending) {
      for (let lane = 0; lane < LANES; lane++) await this.#sendOne(lane);
      await systemClock.sleep(SEND_EVERY_MS, { name: "between sends" });
    }
  }

  async #sendOne(lane: number): Promise<void> {
    const seq = this.#seqs[lane] ?? 0;
    this.#seqs[lane] = seq + 1;
    // All in one hour and minute, so that many folds write the same few rows.
    const content = readings(block([seq, seq], MINUTE + (seq % 50) * 1000, `device-${lane}`));
    const body = packEvent([encodeChunk({ id: chunkId(seq, { lane }), content })]);
    await this.#producer.sendBatch([{ body, contentType: CHUNK_CONTENT_TYPE }], {
      partitionKey: `hall-3/${lane}`,
    });
  }

  #config(): string {
    return `version: 1
source: { connectionString: "${this.#hub.connectionString}", hub: ${TEST_HUB} }
store: { postgres: "${this.#url}" }
foldEvery: 500ms
http: { listen: "127.0.0.1:0" }
`;
  }
}

export interface CountedRow {
  device: string;
  count: number;
  sum: number;
}

export class SinkProcess {
  readonly child: ChildProcess;
  readonly #address: string;

  constructor(child: ChildProcess, address: string) {
    this.child = child;
    this.#address = address;
  }

  async kill(): Promise<void> {
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
  }

  /** @returns the exit code */
  async end(): Promise<number | null> {
    const exited = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await exited;
    return this.child.exitCode;
  }

  async rows(width: "1m" | "5m" | "1h"): Promise<CountedRow[]> {
    const response = await fetch(`${this.#address}/api/rollups?width=${width}`);
    const lines = (await response.text()).split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const { device, count, sum }: CountedRow = JSON.parse(line);
      return { device, count, sum };
    });
  }

  /** How many partitions it reads. */
  async partitions(): Promise<number> {
    const response = await fetch(`${this.#address}/api/status`);
    const status: { partitions: unknown[] } = JSON.parse(await response.text());
    return status.partitions.length;
  }
}
