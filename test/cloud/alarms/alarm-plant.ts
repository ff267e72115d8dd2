/** Sinks as processes of their own before the embedded hub, a sender, and a webhook that is told. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventHubProducerClient } from "@azure/event-hubs";
import { onTestFinished } from "vitest";
import type { JournalEntry } from "#core/alarms/contract.ts";
import type { ChunkContent } from "#core/chunk.ts";
import { CHUNK_CONTENT_TYPE, encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { type WebhookBody, webhookBody } from "#core/notify/webhook-body.ts";
import { block, chunkId, readings } from "#test/contracts/store-fixtures.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { eventually, impatient, startTestHub, TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../../cloud/main.ts", import.meta.url));
/** Programs start, are found to be dead, and are replaced; on a busy machine each takes its time. */
export const PLANT_TIMEOUT_MS = 120_000;
const PATIENCE_MS = 60_000;

interface AlarmStatus {
  alarmDesk: { isHeld: boolean; notices: number; transitions: number };
}

export class AlarmPlant {
  readonly webhook: HttpReceiver;
  readonly #hub: TestHub;
  readonly #folder: string;
  readonly #producer: EventHubProducerClient;
  readonly #store: string;
  readonly #seqs = new Map<string, number>();
  #sinks = 0;

  private constructor(hub: TestHub, webhook: HttpReceiver, folder: string, store: string) {
    this.#hub = hub;
    this.webhook = webhook;
    this.#folder = folder;
    this.#producer = new EventHubProducerClient(hub.connectionString, impatient);
    this.#store = store;
  }

  /** Goes with the test. @param store as in the sink's file; a folder of the test's own if left out */
  static async start(store?: string): Promise<AlarmPlant> {
    const hub = await startTestHub({ partitions: 2 });
    onTestFinished(() => hub.stop());
    const folder = await tempFolder();
    const data = store ?? `{ sqlite: ${JSON.stringify(join(folder, "data"))} }`;
    const plant = new AlarmPlant(hub, await startHttpReceiver(), folder, data);
    onTestFinished(() => plant.#producer.close());
    return plant;
  }

  async startSink(): Promise<AlarmSink> {
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
    return new AlarmSink(child, listening, file);
  }

  /** A device's temperatures at one-second steps, as a chunk of its own. */
  async send(device: string, ts: number, ...values: number[]): Promise<void> {
    await this.sendContent("hall-3", readings(block(values, ts, device)));
  }

  async sendContent(gateway: string, content: ChunkContent, seq?: number): Promise<void> {
    const next = this.#seqs.get(gateway) ?? 0;
    this.#seqs.set(gateway, Math.max(next, (seq ?? next) + 1));
    const body = packEvent([encodeChunk({ id: chunkId(seq ?? next, { gateway }), content })]);
    await this.#producer.sendBatch([{ body, contentType: CHUNK_CONTENT_TYPE }], {
      partitionKey: `${gateway}/0`,
    });
  }

  /** All that the webhook was told so far. */
  get told(): WebhookBody[] {
    return this.webhook.received.map(({ body }) => webhookBody.parse(JSON.parse(body)));
  }

  /** Waits until the webhook was told of it. */
  async isTold(device: string, kind: WebhookBody["kind"] = "raised"): Promise<WebhookBody[]> {
    const of = (): WebhookBody[] =>
      this.told.filter((notice) => notice.device === device && notice.kind === kind);
    await eventually(`the webhook is told of ${device}`, () => of().length > 0, PATIENCE_MS);
    return of();
  }

  #config(): string {
    return `version: 1
source: { connectionString: "${this.#hub.connectionString}", hub: ${TEST_HUB} }
store: ${this.#store}
foldEvery: 500ms
http: { listen: "127.0.0.1:0" }
alarms:
  rules:
    - name: too hot
      series: "hall-3/oven-*/temperature"
      over: 1m
      mean: "> 245"
      priority: high
      action: Close the gas valve.
  pipeline: off
  shift: { webhook: "${this.webhook.url}/shift" }
`;
  }
}

export class AlarmSink {
  readonly child: ChildProcess;
  /** Its configuration. */
  readonly file: string;
  readonly #address: string;

  constructor(child: ChildProcess, address: string, file: string) {
    this.child = child;
    this.file = file;
    this.#address = address;
  }

  async kill(): Promise<void> {
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
  }

  /** What a command answers that is given this sink's file. */
  async command(...args: string[]): Promise<number | null> {
    const line = [MAIN, ...args.slice(0, 2), "--config", this.file, ...args.slice(2)];
    const child = spawn(process.execPath, line, { stdio: "ignore" });
    await once(child, "close");
    return child.exitCode;
  }

  async status(): Promise<AlarmStatus> {
    const status: AlarmStatus = JSON.parse(await this.get("/api/status"));
    return status;
  }

  async get(path: string): Promise<string> {
    const response = await fetch(`${this.#address}${path}`);
    return await response.text();
  }

  /** What happened to each alarm, oldest first. */
  async journal(): Promise<string[]> {
    const entries: JournalEntry[] = JSON.parse(await this.get("/api/alarms/journal"));
    return entries.map(({ kind, key }) => `${key.split("/")[1]} ${kind}`).toReversed();
  }

  async holds(): Promise<void> {
    const isHeld = async (): Promise<boolean> => (await this.status()).alarmDesk.isHeld;
    await eventually("the sink keeps the alarms", isHeld, PATIENCE_MS);
  }

  /** All is taken in, and nothing waits to be told. */
  async isQuiet(): Promise<void> {
    const isDone = async (): Promise<boolean> => {
      const { notices, transitions } = (await this.status()).alarmDesk;
      return notices === 0 && transitions === 0;
    };
    await eventually("all are told", isDone, PATIENCE_MS);
  }
}

/** A round minute, a while ago: what is sent of it and of the next one is not of the future. */
export function recentMinute(): number {
  return Math.floor(systemClock.now() / 60_000) * 60_000 - 240_000;
}
