/**
 * The gate before a run of the user's own kubectl: what the command line would do by the rules of `gate/`, whether the
 * context's policy lets it, and what a person has to confirm.
 */
import { defaultSettings } from "../../config/default_settings.ts";
import { parseKubectl } from "../../gate/kubectl.ts";
import { type ContextPolicy, policyOf } from "../../gate/policy.ts";
import {
  flagValue,
  judgeKubectl,
  type KubectlJudgement,
  objectSources,
} from "../../gate/kubectl_rating.ts";
import { commandLine } from "../../base/shell_quote.ts";
import { redact } from "../../exec/redact.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { settingsOf } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";

/** Returns the args without flags of another program's own, and those flags with their values. */
export function withoutOwnFlags(
  args: readonly string[],
  own: Readonly<Record<string, "switch" | "value">>,
): { args: string[]; found: { name: string; value: string | undefined }[] } {
  const line = parseKubectl(args, own);
  const found = line.flags.filter(({ name, at }) =>
    Object.hasOwn(own, name) && (!line.isUnknown || at < line.verbAt)
  );
  const removed = new Set(
    found.flatMap(({ name, value, at }) =>
      own[name] === "value" && value !== undefined && !args[at]?.includes("=") ? [at, at + 1] : [at]
    ),
  );
  return {
    args: args.filter((_, at) => !removed.has(at)),
    found: found.map(({ name, value }) => ({ name, value })),
  };
}

/** Returns whether a command line is known to only read, without any settings. */
export function isKnownToRead(args: readonly string[]): boolean {
  return judgeKubectl(args, surroundingsOf(defaultSettings)).rating === "read";
}

/** Whether a command line runs at once, or after a confirmation. */
type KubectlDecision = "run" | "ask";

/** A command line, judged. */
export interface KubectlPlan {
  /** Without kubectl itself. */
  args: readonly string[];
  /** The command line as it may be shown and logged: without what looks like a secret. */
  shown: string;
  judgement: KubectlJudgement;
  decision: KubectlDecision;
  /** The scope of a command line that changes something. */
  scope?: KubectlScope;
  /** Its standard input, if that was read to judge it. */
  input?: Uint8Array;
}

/** Where a command line changes something. */
export interface KubectlScope {
  context: string;
  /** The API server's address. */
  server: string;
  namespace: string;
  policy: ContextPolicy | undefined;
}

/** The environment of a plan. */
export interface PlanOptions {
  /** Returns all of standard input, for a command line whose objects it has. */
  readInput(): Promise<Uint8Array>;
  /** No question is asked. */
  isConfirmed: boolean;
}

/**
 * Returns how a command line is run. Reads need no settings and no server.
 *
 * @throws KodamaError `readOnly` if it isn't known to only read, and nothing may be changed in its context; FileError
 *   for a patch that isn't one.
 */
export async function planKubectl(
  host: Host,
  args: readonly string[],
  { readInput, isConfirmed }: PlanOptions,
): Promise<KubectlPlan> {
  const shown = `kubectl ${commandLine(redact(args).args)}`;
  const early = judgeKubectl(args, surroundingsOf(defaultSettings));
  if (early.rating === "read") return { args, shown, judgement: early, decision: "run" };
  const settings = await settingsOf(host);
  const configured = judgeKubectl(args, surroundingsOf(settings));
  if (configured.rating === "read") return { args, shown, judgement: configured, decision: "run" };
  const { line } = configured;
  const client = await host.kube(flagValue(line, "--context"));
  requireWritable(client, `run kubectl ${line.verb.join(" ")}`);
  if (line.verb[0] === "patch") {
    const { checkPatch } = await import("./check_patch.ts");
    await checkPatch(host, line);
  }
  const { files } = objectSources(line);
  const input = files.includes("-") ? await readInput() : undefined;
  const scope: KubectlScope = {
    context: client.context,
    server: flagValue(line, "--server", "-s") ?? client.server,
    namespace: flagValue(line, "--namespace", "-n") ?? client.defaultNamespace,
    policy: policyOf(settings.gate?.contexts ?? {}, client.context),
  };
  const { objectsOf } = await import("./objects.ts");
  const objects = await objectsOf(host, line, input);
  const judgement = judgeKubectl(args, {
    ...surroundingsOf(settings),
    namespace: scope.namespace,
    ...(objects === undefined ? {} : { objects }),
  });
  const asks = judgement.rating === "dangerous" || scope.policy !== "allow";
  const { rating, dangers } = judgement;
  const kinds = dangers.map(({ kind }) => kind).join(", ");
  const verdict = kinds === "" ? rating : `${rating} (${kinds})`;
  const answer = !asks ? "runs" : isConfirmed ? "confirmed beforehand" : "asks";
  host.log("info", "gate", `${shown}: ${verdict}, ${scope.context}, ${answer}`);
  return {
    args,
    shown,
    judgement,
    decision: asks && !isConfirmed ? "ask" : "run",
    scope,
    ...(input === undefined ? {} : { input }),
  };
}

export type { KubectlDanger, KubectlJudgement } from "../../gate/kubectl_rating.ts";

function surroundingsOf({ exec, gate }: Settings) {
  return {
    above: exec?.confirmAbove ?? defaultSettings.exec.confirmAbove,
    readOnly: exec?.readOnly ?? [],
    verbs: gate?.kubectl ?? {},
  };
}

/** Returns the kubeconfig that a command line names, in place of `$KUBECONFIG`. */
export function kubeconfigOf(args: readonly string[]): string | undefined {
  return flagValue(parseKubectl(args), "--kubeconfig");
}
