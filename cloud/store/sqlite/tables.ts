/** The tables of one open database. */
import type { DatabaseSync } from "node:sqlite";
import type { AlarmBounds } from "../alarm-bounds.ts";
import { EpochWatch } from "../epoch-watch.ts";
import { AlarmTable } from "./alarm-table.ts";
import { HubTable } from "./hub-table.ts";
import { JournalTable } from "./journal-table.ts";
import { LaneTable } from "./lane-table.ts";
import { NoticeTables } from "./notice-tables.ts";
import { ProgressTable } from "./progress-table.ts";
import { RollupTable } from "./rollup-table.ts";
import { TotalsTable } from "./totals-table.ts";

export class SqliteTables {
  readonly hubs: HubTable;
  readonly lanes: LaneTable;
  readonly journal: JournalTable;
  readonly progress: ProgressTable;
  readonly rollups: RollupTable;
  readonly alarms: AlarmTable;
  readonly notices: NoticeTables;
  readonly totals: TotalsTable;
  readonly epochs = new EpochWatch();

  constructor(db: DatabaseSync, bounds: AlarmBounds) {
    this.hubs = new HubTable(db);
    this.lanes = new LaneTable(db);
    this.journal = new JournalTable(db);
    this.progress = new ProgressTable(db);
    this.rollups = new RollupTable(db);
    this.alarms = new AlarmTable(db, bounds);
    this.notices = new NoticeTables(db);
    this.totals = new TotalsTable(db);
  }

  /** After a rollback: what memory took over from the transaction is not so. */
  forgetUncommitted(): void {
    this.hubs.forgetIds();
    this.rollups.forget();
  }
}
