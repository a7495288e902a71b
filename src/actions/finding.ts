/** What `doctor` tells. */

/** What is looked at. */
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

/** One finding. `advice` says what can be done, where there is something. */
export interface Finding {
  id: CheckId;
  /** Of checks of a cluster: whose. */
  context?: string;
  status: "ok" | "warn" | "fail" | "skipped";
  detail: string;
  advice?: string;
}
