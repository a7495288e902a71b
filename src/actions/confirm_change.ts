/** Confirms a change of pods: read-only commands and few pods pass; for anything else, a person is asked first. */
import { isKnownReadOnly } from "../gate/commands.ts";
import {
  type ChangeAction,
  type ChangeQuestion,
  type ConfirmReason,
  confirmReason,
} from "../gate/change.ts";
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
  /** Resolves to false if the person refuses. @throws UsageError if no one can be asked. */
  ask(question: ChangeQuestion): Promise<boolean>;
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
  { action, targets, because }: Change,
): Promise<boolean> {
  const { command = [], shell = false } = action.kind === "command" ? action : {};
  if (await isReading(host, command, shell)) return true;
  await requireWritableTargets(host, action, targets);
  if (confirm === undefined) return true;
  const policy = await confirmSettings(host, confirm);
  const pods = uniquePods(targets);
  const reason = because ?? confirmReason(pods, policy);
  if (reason === undefined) return true;
  return await confirm.ask({
    action,
    count: pods.length,
    scopes: await scopesOf(host, pods),
    ...(reason.kind === "count" ? {} : { because: reason }),
  });
}

/** Returns whether a command in pods is known to read only, the user's own list (`exec.readOnly`) included. */
export async function isReading(
  host: Host,
  command: readonly string[],
  shell: boolean,
): Promise<boolean> {
  if (isKnownReadOnly(command, { shell })) return true;
  const { readOnly } = await confirmSettings(host, {});
  return isKnownReadOnly(command, { shell, readOnly });
}

/** Throws `readOnly` if nothing may be changed in one of the contexts, or in this run. */
async function requireWritableTargets(
  host: Host,
  action: ChangeAction,
  targets: readonly Target[],
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

async function scopesOf(
  host: Host,
  targets: readonly Target[],
): Promise<ChangeQuestion["scopes"]> {
  const servers = new Map((await host.contexts()).map(({ name, server }) => [name, server]));
  const groups = Map.groupBy(targets, ({ context, namespace }) => `${context}\0${namespace}`);
  return [...groups.values()].map((group) => {
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
}
