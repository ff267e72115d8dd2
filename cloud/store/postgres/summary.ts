/** What the lanes as a whole say: holes that nothing explains, and how far each gateway has come. */
import type { SeqGap, StoreState } from "../contract.ts";
import { gapsOf, IDLE_LANE_MS } from "../lane-summary.ts";
import type { Sql } from "./database.ts";
import { parseRanges } from "./lane-table.ts";

/** Beyond it, the lanes that were seen last tell. */
const LANES_MAX = 10_000;

export async function readUnexplained(sql: Sql): Promise<SeqGap[]> {
  const { rows } = await sql.query<{
    gateway: string;
    epoch: string;
    lane: string;
    accepted: string;
    closed: string;
  }>(
    `SELECT gateway, epoch, lane, accepted, closed FROM lane WHERE has_holes
     ORDER BY seen_at DESC LIMIT $1`,
    [LANES_MAX],
  );
  return gapsOf(
    rows.map(({ gateway, epoch, lane, accepted, closed }) => ({
      gateway,
      epoch,
      lane: Number(lane),
      accepted: parseRanges(accepted),
      closed: parseRanges(closed),
    })),
  );
}

export async function readSummary(
  sql: Sql,
  nowMs: number,
): Promise<Pick<StoreState, "lanes" | "watermarks">> {
  const lanes = await sql.query<{ lanes: string }>("SELECT count(*) AS lanes FROM lane");
  const { rows } = await sql.query<{ gateway: string; watermark: number }>(
    `SELECT gateway, min(watermark) AS watermark FROM lane WHERE seen_at >= $1
     GROUP BY gateway ORDER BY gateway`,
    [Math.trunc(nowMs) - IDLE_LANE_MS],
  );
  const watermarks = rows.map(({ gateway, watermark: watermarkMs }) => ({ gateway, watermarkMs }));
  return { lanes: Number(lanes.rows[0]?.lanes), watermarks };
}
