/** What the ingest counts, since the program's start. Plain numbers: the hot path adds to them. */
export interface IngestCounters {
  events: number;
  bytes: number;
  /** Times that the subscription was made anew. */
  rebuilds: number;
  /** Partitions that did not move and made us rebuild. */
  stalls: number;
  /** Batches that belonged to another owner by the time of their commit. */
  fenced: number;
  /** Batches whose forerunners were not committed: they were read again. */
  behind: number;
  /** Jumps in a partition's sequence numbers, at the first sight. */
  jumps: number;
  /** Jumps that were there again when read again: the hub no longer has what lies between. */
  provenJumps: number;
  /** Errors that the SDK reported. */
  errors: number;
}

export function noCounts(): IngestCounters {
  return {
    events: 0,
    bytes: 0,
    rebuilds: 0,
    stalls: 0,
    fenced: 0,
    behind: 0,
    jumps: 0,
    provenJumps: 0,
    errors: 0,
  };
}
