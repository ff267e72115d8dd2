/**
 * How many transitions of alarms a store keeps. Those that the alarm desk has taken in are there for
 * people to look at, and the oldest of them go. Those that it has not are what people are yet to be
 * told: they stay while it is slow or away, until even they are too many. Then the oldest are given
 * up, and counted; the desk raises an alarm about them.
 */
export interface AlarmBounds {
  /** Numbers behind the newest, of what is taken in. */
  readonly takenIn: number;
  /** Numbers behind the newest, of what is not. */
  readonly waiting: number;
}

/** A transition takes about 0.5 KB, so what waits takes some 0.5 GB at most. */
export const ALARM_BOUNDS: AlarmBounds = { takenIn: 100_000, waiting: 1_000_000 };

/**
 * So many go at most for each that comes: enough to get within bounds, and too few to hold up
 * the transaction that adds them, once a desk has made up for a day.
 */
export const GOING_FOR_EACH = 10;
