/** A change of pods before it is made: whether a person must confirm it, and the question as data. */

import type { ContextPolicy } from "./policy.ts";

/** The change to be made. */
export type ChangeAction =
  /** `shell`: the command is a line of shell. `variables`: names of those that it gets from its caller. */
  | {
    kind: "command";
    command: readonly string[];
    shell: boolean;
    variables: readonly string[];
  }
  /** Files are written: `from` and `to` as `kodama cp` takes them. */
  | { kind: "copy"; from: string; to: string }
  /** Objects are changed by kubectl; `effect` is the result of its dry run, in lines. */
  | { kind: "kubectl"; args: readonly string[]; effect: readonly string[]; manifest?: string }
  /** Local ports that lead to pods, for `minutes`; `scope` says where the target is. */
  | {
    kind: "forward";
    target: string;
    /** All ports that the target declares if empty. */
    ports: readonly string[];
    minutes: number;
    scope: string;
  }
  /** A session's coding agent gets something: `does` completes "Agent of NAME:"; `details` is all of it, in lines. */
  | { kind: "agent"; session: string; does: string; details: readonly string[] }
  /** Interactive shells, typed into all at once. */
  | { kind: "shells" }
  /** Objects of a run in the cluster: the rights of its account, in lines. */
  | {
    kind: "clusterRun";
    workflow: string;
    /** `Job kodama-…`. */
    object: string;
    context: string;
    namespace: string;
    shards: number;
    /** Empty if an existing account is used. */
    rights: readonly string[];
  }
  /** Steps of a workflow that may change something, in their order. */
  | { kind: "steps"; workflow: string; path: string; steps: readonly ChangeStep[] };

/** A step of a workflow that may change something. */
interface ChangeStep {
  id: string;
  /** In a line: `exec rm -f /tmp/x`. */
  does: string;
}

/** Pods of a namespace in a context. */
export interface ChangeScope {
  context: string;
  /** The API server's address; absent if the kubeconfig doesn't have it. */
  server?: string;
  namespace: string;
  /** The pods' names as ranges: `weka-drive-[0-49]`. */
  ranges: string;
  pods: readonly string[];
}

/** The question to a person before a change. Each front end words it. */
export interface ChangeQuestion {
  action: ChangeAction;
  /** Number of pods in all scopes. */
  count: number;
  scopes: readonly ChangeScope[];
  /** The reason to ask although there are few pods; absent if their number is the reason. */
  because?: ConfirmReason;
}

/** The reason to confirm a change, whatever the number of its pods. */
export type ConfirmReason =
  /** The policy of this context, or of its server, has each change confirmed. */
  | { kind: "context"; context: string }
  /** A language model requests it, and not a person. */
  | { kind: "model" }
  /** An earlier run, which wasn't named, is repeated. */
  | { kind: "unnamedRun"; run: string }
  /** Ids of the steps whose pods, or whose effect, only the run can resolve. */
  | { kind: "unknownTargets"; steps: readonly string[] };

/** When a change is confirmed. */
export interface ConfirmPolicy {
  /** Changes of more pods than this are confirmed. */
  above: number;
  /**
   * Returns the policy of a context: each change where it is `ask` is confirmed.
   *
   * @param server the address that is used in place of the context's own.
   */
  policyOf(context: string, server?: string): ContextPolicy | undefined;
}

/** Returns why the change must be confirmed; undefined if it needn't be. */
export function confirmReason(
  pods: readonly { context: string; server?: string }[],
  { above, policyOf }: ConfirmPolicy,
): { kind: "count" } | ConfirmReason | undefined {
  const guarded = pods.find(({ context, server }) => policyOf(context, server) === "ask");
  if (guarded !== undefined) return { kind: "context", context: guarded.context };
  return pods.length > above ? { kind: "count" } : undefined;
}
