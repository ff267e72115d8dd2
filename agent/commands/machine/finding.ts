/** What `doctor` has looked at. */
export interface Finding {
  readonly what: string;
  readonly state: "ok" | "warning" | "failed";
  /** One sentence. */
  readonly detail: string;
  /** What to do; for what is not ok. */
  readonly remedy?: string;
}

export function ok(what: string, detail: string): Finding {
  return { what, state: "ok", detail };
}

export function warning(what: string, detail: string, remedy: string): Finding {
  return { what, state: "warning", detail, remedy };
}

export function failed(what: string, detail: string, remedy: string): Finding {
  return { what, state: "failed", detail, remedy };
}
