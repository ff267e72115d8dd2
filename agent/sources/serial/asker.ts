/**
 * Asks a device that speaks only when it is asked. A question whose answer is expected has the line
 * for itself until the answer comes or is given up, for answers do not say what they answer.
 */
import type { AskSettings } from "#config/gateway/serial-bus.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { bytesOf } from "./framing.ts";

export interface AskerOptions {
  questions: readonly AskSettings[];
  clock: Clock;
  send: (bytes: Uint8Array) => void;
  /** @param tags what the question gave before; undefined when it never gave anything */
  onUnanswered: (question: string, tags: ReadonlySet<string> | undefined) => void;
}

interface Question {
  settings: AskSettings;
  bytes: Uint8Array;
  expected: RegExp | undefined;
  /** Tags that its answers gave so far. */
  tags: Set<string>;
}

export class Asker {
  readonly #options: AskerOptions;
  readonly #questions: readonly Question[];
  /** Whose turn came while another was waited for; each at most once. */
  readonly #due = new Set<Question>();
  #waiting: Question | undefined;
  #deadline: Timer | undefined;
  #timers: Timer[] = [];

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#questions = options.questions.map((settings) => ({
      settings,
      bytes: bytesOf(settings.send),
      expected: settings.expect === undefined ? undefined : new RegExp(settings.expect, "u"),
      tags: new Set(),
    }));
  }

  start(): void {
    const { clock } = this.#options;
    this.#timers = this.#questions.map((question) =>
      clock.every("serial ask", question.settings.every, () => {
        this.#due.add(question);
        this.#askNext();
      }),
    );
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#deadline?.cancel();
    this.#due.clear();
  }

  /** False for a line that comes instead of the answer that is waited for. */
  accepts(line: string): boolean {
    return this.#waiting?.expected?.test(line) ?? true;
  }

  /** A line that was accepted gave these tags. */
  answered(tags: Iterable<string>): void {
    const question = this.#waiting;
    if (!question) return;
    for (const tag of tags) question.tags.add(tag);
    this.#end();
  }

  #askNext(): void {
    if (this.#waiting) return;
    const [question] = this.#due;
    if (!question) return;
    this.#due.delete(question);
    this.#options.send(question.bytes);
    if (!question.expected) return this.#askNext();
    this.#waiting = question;
    const { within } = question.settings;
    this.#deadline = this.#options.clock.after("serial answer", within, () => {
      const { tags, settings } = question;
      this.#options.onUnanswered(settings.send, tags.size > 0 ? tags : undefined);
      this.#end();
    });
  }

  #end(): void {
    this.#deadline?.cancel();
    this.#waiting = undefined;
    this.#askNext();
  }
}
