/** Confirms a change of pods: read-only commands and few pods pass; for anything else, a person is asked first. */
import { isKnownReadOnly } from "../gate/commands.ts";
import {
  type ChangeAction,
  type ChangeQuestion,
  type ConfirmReason,
  confirmReason,
} from "../gate/change.ts";
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { commandLine } from "../base/shell_quote.ts";
import { requireWritable } from "../kube/client_limits.ts";
import { compressNames } from "../exec/target_names.ts";
import type { Target } from "../kube/select/target.ts";
import { confirmSettings } from "./exec/settings.ts";
import type { Host } from "./host.ts";

export type { ChangeAction, ChangeQuestion } from "../gate/change.ts";

/** How a change is confirmed. */
export interface Confirm {
  /** Ask if a change affects more pods than this; overrides the settings. */
  above?: number;
  /** Ask about each change, for this reason: who requests it. */
  because?: ConfirmReason;
  /** Resolves to false if the person refuses. @throws UsageError if no one can be asked. */
  ask(question: ChangeQuestion): Promise<boolean>;
}

/**
 * Confirms each change that a model requests, whatever the settings allow a person.
 *
 * @param ask undefined if nothing may be changed: then what isn't known to read only is refused.
 */
export function confirmForModel(ask: Confirm["ask"] | undefined): Confirm {
  const refuse = () => Promise.reject(changeRefused());
  return { above: 0, because: { kind: "model" }, ask: ask ?? refuse };
}

/** The error of a change where nothing may be changed. */
export function changeRefused(): KodamaError {
  return new KodamaError(
    "forbidden",
    "this may change something, and nothing may be changed here: only programs known to read only run",
  );
}

/** The command of a change as a model gave it, which a person may edit. */
export interface EditableCommand {
  /** What the args are for: `kubectl`; absent if the program is the first of them. */
  program?: string;
  args: readonly string[];
}

/**
 * Asks a person about a change that a model requests. Resolves to other args instead of an answer if the person has
 * edited the command: then the change of those args starts from the beginning, with the same rules and its own question.
 */
export type AskAboutModel = (
  question: ChangeQuestion,
  command?: EditableCommand,
) => Promise<boolean | { args: readonly string[] }>;

/** The command about to run, and its targets. */
export interface Change {
  action: ChangeAction;
  targets: readonly Target[];
  /** Where more may change, whose pods aren't known or which isn't in pods; null for the kubeconfig's own. */
  scopes?: readonly { context: string | null; namespace: string | null }[];
  /** Ask whatever the number of pods. */
  because?: ConfirmReason;
}

/**
 * Returns true if the change may be made.
 *
 * @param confirm undefined if everything is confirmed beforehand (`--yes`).
 * @throws whatever `confirm.ask` throws; KodamaError `readOnly` if nothing may be changed where the pods are.
 */
export async function isConfirmed(
  host: Host,
  confirm: Confirm | undefined,
  { action, targets, scopes = [], because }: Change,
): Promise<boolean> {
  if (action.kind === "command" && await isReading(host, action)) return true;
  const others = await namedScopes(host, scopes);
  await requireWritableTargets(host, action, [...targets, ...others]);
  if (confirm === undefined) return true;
  const policy = await confirmSettings(host, confirm);
  const pods = uniquePods(targets);
  const reason = confirm.because ?? because ??
    confirmReason(await withServers(host, [...pods, ...others]), policy);
  if (reason === undefined) return true;
  return await confirm.ask({
    action,
    count: pods.length,
    scopes: await scopesOf(host, pods, others),
    ...(reason.kind === "count" ? {} : { because: reason }),
  });
}

/** Returns whether {@link isConfirmed} would ask a person. */
export async function needsQuestion(
  host: Host,
  confirm: Confirm | undefined,
  { action, targets, because }: Change,
): Promise<boolean> {
  if (confirm === undefined) return false;
  if (action.kind === "command" && await isReading(host, action)) return false;
  const policy = await confirmSettings(host, confirm);
  const pods = await withServers(host, uniquePods(targets));
  return (confirm.because ?? because ?? confirmReason(pods, policy)) !== undefined;
}

/** Adds the address that requests of each context go to: an option may name another one than its kubeconfig. */
async function withServers(
  host: Host,
  scopes: readonly { context: string }[],
): Promise<{ context: string; server: string }[]> {
  const names = [...new Set(scopes.map(({ context }) => context))];
  const servers = new Map(
    await Promise.all(names.map(async (name) => [name, (await host.kube(name)).server] as const)),
  );
  return scopes.map(({ context }) => ({ context, server: servers.get(context) ?? "" }));
}

/** Returns whether a command in pods is known to read only, the user's own list (`exec.readOnly`) included. */
export async function isReading(
  host: Host,
  { command, shell, variables }: Omit<Extract<ChangeAction, { kind: "command" }>, "kind">,
): Promise<boolean> {
  if (isKnownReadOnly(command, { shell, variables })) return true;
  const { readOnly } = await confirmSettings(host, {});
  return isKnownReadOnly(command, { shell, variables, readOnly });
}

/** Throws `readOnly` if nothing may be changed in one of the contexts, or in this run. */
async function requireWritableTargets(
  host: Host,
  action: ChangeAction,
  targets: readonly { context: string }[],
): Promise<void> {
  const contexts: (string | undefined)[] = [...new Set(targets.map(({ context }) => context))];
  // Without targets only the run itself can be read-only: the current context stands for all of them.
  if (contexts.length === 0 && host.readOnly) contexts.push(undefined);
  for (const context of contexts) requireWritable(await host.kube(context), changeText(action));
}

function changeText(action: ChangeAction): string {
  switch (action.kind) {
    case "command":
      return `run ${commandLine(action.command)}`;
    case "copy":
      return `copy into pods`;
    case "kubectl":
      return `run kubectl ${commandLine(action.args)}`;
    case "forward":
      return `forward ports to ${action.target}`;
    case "agent":
      return action.does;
    case "shells":
      return "open shells";
    case "clusterRun":
      return `create ${action.object}`;
    case "steps":
      return `run the workflow ${action.workflow}, which may change something in ${
        action.steps.map(({ id }) => id).join(", ")
      }`;
  }
}

/** Each pod once: several steps may change it. */
function uniquePods(targets: readonly Target[]): readonly Target[] {
  return [
    ...new Map(
      targets.map((target) =>
        [JSON.stringify([target.context, target.namespace, target.pod]), target] as const
      ),
    ).values(),
  ];
}

/** A context and a namespace, without pods. */
interface NamedScope {
  context: string;
  /** `*` for all. */
  namespace: string;
}

/** Returns the scopes with the names of the current context and of the context's own namespace. */
async function namedScopes(
  host: Host,
  scopes: NonNullable<Change["scopes"]>,
): Promise<readonly NamedScope[]> {
  return await Promise.all(scopes.map(async ({ context, namespace }) => {
    if (context !== null && namespace !== null) return { context, namespace };
    const client = await host.kube(context ?? undefined);
    return { context: client.context, namespace: namespace ?? client.defaultNamespace };
  }));
}

/** @param others scopes that have no pods, or whose pods aren't known. */
async function scopesOf(
  host: Host,
  targets: readonly Target[],
  others: readonly NamedScope[],
): Promise<ChangeQuestion["scopes"]> {
  const servers = new Map((await host.contexts()).map(({ name, server }) => [name, server]));
  const groups = Map.groupBy(targets, ({ context, namespace }) => `${context}\0${namespace}`);
  const rest = new Map(
    others.map(({ context, namespace }) => [`${context}\0${namespace}`, { context, namespace }]),
  );
  const found = [...groups.values()].map((group) => {
    const { context = "", namespace = "" } = group[0] ?? {};
    const pods = group.map(({ pod }) => pod);
    const server = servers.get(context);
    return {
      context,
      ...(server === undefined ? {} : { server }),
      namespace,
      ranges: compressNames(pods),
      pods,
    };
  });
  const empty = [...rest].filter(([key]) => !groups.has(key)).map(([, { context, namespace }]) => {
    const server = servers.get(context);
    return { context, ...definedOnly({ server }), namespace, ranges: "", pods: [] };
  });
  return [...found, ...empty];
}
