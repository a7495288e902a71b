/** The findings of `doctor`. */
import type { Hint } from "../../base/hint.ts";

/** The subject of a check. */
export type CheckId =
  | "kubeconfig"
  | "server"
  | "listPods"
  | "execPods"
  | "streams"
  | "versions"
  | "clock"
  | "settings"
  | "terminal"
  | "tmux"
  | "kubectl"
  | "sessions";

/** One finding. `advice` is what to do, if anything can be done. */
export interface Finding {
  id: CheckId;
  /** The context, for checks of a cluster. */
  context?: string;
  status: "ok" | "warn" | "fail" | "skipped";
  detail: string;
  advice?: Hint;
}
