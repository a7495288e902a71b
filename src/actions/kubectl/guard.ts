/**
 * The gate before a run of the user's own kubectl: the effects of the command line by the rules of `gate/`, whether the
 * context's policy lets it, and the effects that a person has to confirm.
 */
import { defaultSettings } from "../../config/default_settings.ts";
import { type KubectlLine, parseKubectl } from "../../gate/kubectl.ts";
import { type ContextPolicy, strictestPolicy } from "../../gate/policy.ts";
import {
  flagValue,
  isOn,
  judgeKubectl,
  type KubectlJudgement,
  type KubectlObject,
  objectSources,
} from "../../gate/kubectl_rating.ts";
import { definedOnly } from "../../base/json_value.ts";
import { commandLine } from "../../base/shell_quote.ts";
import { redact } from "../../exec/redact.ts";
import type { KubeClient } from "../../kube/client.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { contextPolicies, policiesOf, settingsOf } from "../config/setting_sources.ts";
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
  /** Without kubectl itself. Manifests that were read are standard input here, and not the files of the command line. */
  args: readonly string[];
  /** The command line as it may be shown and logged: without possible secrets. */
  shown: string;
  judgement: KubectlJudgement;
  decision: KubectlDecision;
  /** The scope of a command line that changes something. */
  scope?: KubectlScope;
  /** Its standard input, if that, or the files of its manifests, was read to judge it. */
  input?: Uint8Array<ArrayBuffer>;
  /** The objects of its files, if all of them are known. */
  objects?: readonly KubectlObject[];
}

/** Where a command line changes something. */
interface KubectlScope {
  context: string;
  /** The API server's address. */
  server: string;
  /** The namespace of the command line, or the context's. */
  namespace: string;
  /** The command line is for all namespaces. */
  isEverywhere: boolean;
  policy: ContextPolicy | undefined;
}

/** The environment of a plan. */
interface PlanOptions {
  /** Returns all of standard input, for a command line whose objects it has. */
  readInput(): Promise<Uint8Array<ArrayBuffer>>;
  /** No question is asked. */
  isConfirmed: boolean;
}

/**
 * Returns how a command line is run. Reads need no settings and no server.
 *
 * @throws KodamaError `readOnly` if it isn't known to only read, and nothing may be changed in its context; FileError
 * for an invalid patch.
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
  const { client, server, policy } = await writablePlace(host, line);
  if (line.verb[0] === "patch") {
    const { checkPatch } = await import("./check_patch.ts");
    await checkPatch(host, line);
  }
  const { files } = objectSources(line);
  const input = files.includes("-") ? await readInput() : undefined;
  const scope: KubectlScope = {
    context: client.context,
    server,
    namespace: flagValue(line, "--namespace", "-n") ?? client.defaultNamespace,
    isEverywhere: isOn(line, "-A", "--all-namespaces"),
    policy,
  };
  const { readSources } = await import("./objects.ts");
  const { texts, objects } = await readSources(host, line, input);
  const judgement = judgeKubectl(args, {
    ...surroundingsOf(settings),
    namespace: scope.namespace,
    ...definedOnly({ objects }),
  });
  const asks = judgement.rating === "dangerous" || scope.policy !== "allow";
  const { rating, dangers } = judgement;
  const kinds = dangers.map(({ kind }) => kind).join(", ");
  const verdict = kinds === "" ? rating : `${rating} (${kinds})`;
  const answer = !asks ? "runs" : isConfirmed ? "confirmed beforehand" : "asks";
  host.log("info", "gate", `${shown}: ${verdict}, ${scope.context}, ${answer}`);
  const plan: KubectlPlan = {
    args,
    shown,
    judgement,
    decision: asks && !isConfirmed ? "ask" : "run",
    scope,
    ...definedOnly({ input, objects }),
  };
  if (isConfirmed || texts === undefined || texts.length === 0) return plan;
  // The rated args are the args that run.
  const { frozenArgs, joinedManifests, mayFreeze } = await import("./frozen.ts");
  if (!mayFreeze(line)) return plan;
  return { ...plan, args: frozenArgs(args), input: joinedManifests(texts) };
}

/**
 * Returns where a command line changes something, with the policy there: with a cluster of its own the strictest of all.
 *
 * @throws KodamaError `readOnly` if nothing may be changed there.
 */
export async function writablePlace(
  host: Host,
  line: KubectlLine,
): Promise<{ client: KubeClient; server: string; policy: ContextPolicy | undefined }> {
  const client = await host.kube(flagValue(line, "--context"));
  const server = flagValue(line, "--server", "-s") ?? client.server;
  const policyOf = await contextPolicies(host);
  const policy = flagValue(line, "--cluster") === undefined
    ? policyOf(client.context, server)
    : strictestPolicy(await policiesOf(host));
  const readOnly = client.readOnly ?? (policy === "read-only" ? "context" : undefined);
  requireWritable(
    { context: client.context, readOnly },
    `run kubectl ${line.verb.join(" ")}`,
  );
  return { client, server, policy };
}

export type { KubectlDanger } from "../../gate/kubectl_rating.ts";

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
