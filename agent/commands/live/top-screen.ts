/** What `top` shows of two states of an agent, one after the other. Pure. */
import type { SourceView } from "#agent/http/contract.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { reportOf, type StatusAnswer } from "./status-report.ts";

/** Counters that tell of trouble, whatever the source. */
const TROUBLE =
  /^(timeouts|exceptions|malformed_answers|connect_failures|open_failures|disconnects|lines_unmatched|invalid_values|readings_lost|.*refused.*|.*rejected.*)$/;

export function topScreen(now: StatusAnswer, before: StatusAnswer | undefined): string {
  const { headline, lines } = reportOf(now);
  const seconds = before ? Math.max(0.001, (now.uptimeMs - before.uptimeMs) / 1000) : 0;
  const cpu = before ? `${Math.round((now.cpuMs - before.cpuMs) / seconds / 10)} % of a core` : "";
  const rows = now.sources.map((source) => {
    const earlier = before?.sources.find(({ name }) => name === source.name);
    const rate = (name: string): string => rateOf(source, earlier, name, seconds);
    return [
      source.name,
      source.kind,
      source.state,
      rate("polls"),
      rate("requests"),
      rate("readings"),
      String(troubleOf(source)),
    ];
  });
  const heads = ["source", "kind", "state", "polls/s", "requests/s", "readings/s", "errors"];
  const summary = lines.filter((line) => !line.startsWith("source "));
  return `${[headline, ...summary, `cpu       ${cpu}`, "", textTable(heads, rows)].join("\n")}\n`;
}

function rateOf(
  source: SourceView,
  earlier: SourceView | undefined,
  name: string,
  seconds: number,
): string {
  const value = source.counters[name];
  const was = earlier?.counters[name];
  if (value === undefined) return "";
  return was === undefined || seconds === 0 ? "…" : ((value - was) / seconds).toFixed(1);
}

function troubleOf({ counters }: SourceView): number {
  return Object.entries(counters).reduce(
    (sum, [name, n]) => (TROUBLE.test(name) ? sum + n : sum),
    0,
  );
}
