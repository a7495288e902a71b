/**
 * `kodama __complete WORD…`: completes the last argument. It prints the protocol of
 * Cobra's programs, so that kubectl's plugin completion understands it: a candidate and its description on
 * each line, and after them a colon with a number that gives the shell further directives.
 * https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
 */
import type { Command } from "./command.ts";
import type { Completion, Flag, Flags, Suggestion } from "./flag.ts";
import { success } from "../exit_codes.ts";
import type { Invocation } from "../invocation.ts";
import { flagAwaiting, sortArgs } from "./parse.ts";
import { type CommandNode, nodeAt } from "./node.ts";
import { leadingValueFlags, tree } from "../tree.ts";
import type { OfferScope } from "../../actions/pick/offered_names.ts";
import type { Host } from "../../actions/host.ts";
import { definedOnly } from "../../base/json_value.ts";
import { printable } from "../../terminal/printable.ts";

/** What the shell does besides offering the candidates; Cobra's numbers. */
const directives = { files: 0, noSpace: 2, noFiles: 4 } as const;

/** What is to be completed. */
type CompletionTarget =
  | { kind: "words"; args: readonly Suggestion[] }
  | { kind: "value"; completion: Completion; command: Command; args: readonly string[] }
  /** The args of another program, or a path: the shell completes these better. */
  | { kind: "files" }
  | { kind: "nothing" };

/** Prints the candidates for the last of `args`. Never fails: a shell that waits for an answer gets one. */
export async function complete(args: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout } = invocation.terminal;
  const partial = args.at(-1) ?? "";
  const { head, rest } = splitValue(partial);
  const wanted = await whatIsWanted([...args.slice(0, -1), ...head], rest, invocation);
  const offers = await offersFor(wanted, rest, invocation);
  const lines = offers
    .filter(({ value }) => value.startsWith(rest))
    .map(({ value, summary }) => summary === undefined ? value : `${value}\t${summary}`);
  const files = wanted.kind === "files" ||
    (wanted.kind === "value" && takesFiles(wanted.completion));
  // The value directly follows a candidate that ends in an equals sign.
  const noSpace = offers.some(({ value }) => value.endsWith("="));
  const directive = files
    ? directives.files
    : directives.noFiles + (noSpace ? directives.noSpace : 0);
  await stdout.write([...lines, `:${directive}`, ""].join("\n"));
  return success;
}

/** A shell offers files beside names, or if no name fits. */
function takesFiles(completion: Completion): boolean {
  return completion.kind === "files" || (completion.kind === "snapshots" && completion.orFile);
}

/** `--output=js` is `--output` and then `js`: shells replace only the part after the equals sign. */
function splitValue(partial: string): { head: string[]; rest: string } {
  const match = /^(--[^=]+)=(.*)$/s.exec(partial);
  return match === null
    ? { head: [], rest: partial }
    : { head: [match[1] ?? ""], rest: match[2] ?? "" };
}

/** Returns the candidates after `before`, given the typed prefix `partial`. */
async function whatIsWanted(
  before: readonly string[],
  partial: string,
  { program }: Invocation,
): Promise<CompletionTarget> {
  const typed = [...program.prefix, ...before];
  if (typed.includes("--")) return { kind: "files" };
  if (typed[0] === "help") {
    const node = nodeAt(tree, typed.slice(1));
    return node?.kind === "branch"
      ? { kind: "words", args: summaries(node.commands) }
      : { kind: "nothing" };
  }
  const { node, args } = descend(typed);
  if (node === undefined) return { kind: "nothing" };
  if (node.kind === "branch") {
    if (partial.startsWith("-")) return { kind: "words", args: [helpFlag] };
    return { kind: "words", args: summaries(node.commands) };
  }
  const { command } = await node.load();
  return wantedOf(command, args, partial);
}

/** Follows the args into the tree; the first that isn't a command's name starts the command's own args. */
function descend(typed: readonly string[]): { node: CommandNode | undefined; args: string[] } {
  let node: CommandNode | undefined = tree;
  const args: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const arg = typed[at] ?? "";
    if (node?.kind === "branch" && !arg.startsWith("-")) {
      node = Object.hasOwn(node.commands, arg) ? node.commands[arg] : undefined;
    } else if (
      node?.kind === "leaf" && args.length === 0 && node.commands !== undefined &&
      Object.hasOwn(node.commands, arg)
    ) {
      node = node.commands[arg];
    } else if (node?.kind === "branch" && leadingValueFlags.includes(arg)) {
      args.push(arg, ...typed.slice(at + 1, at + 2));
      at++;
    } else {
      args.push(arg);
    }
  }
  return { node, args };
}

/** Returns what may follow `args` of a command. Pure. */
function wantedOf(command: Command, args: readonly string[], partial: string): CompletionTarget {
  const { operands, awaiting } = sortLoosely(command.flags, args);
  if (awaiting !== undefined) {
    const completion = command.flags[awaiting]?.completion;
    return completion === undefined
      ? { kind: "nothing" }
      : { kind: "value", completion, command, args };
  }
  if (partial.startsWith("-")) {
    return { kind: "words", args: [...flagOffers(command.flags, args), helpFlag] };
  }
  // Neither pods nor workflows are named like a path.
  if (/^(?:\.{1,2}|~)?\//.test(partial)) return { kind: "files" };
  const declared = command.operands ?? [];
  const last = declared.at(-1);
  const operand = declared[operands] ?? (last?.arity === "any" ? last : undefined);
  if (operand?.completion === undefined) return { kind: "nothing" };
  return { kind: "value", completion: operand.completion, command, args };
}

/** Returns the number of operands, and the flag at the end that still needs its value. */
function sortLoosely(
  flags: Flags,
  args: readonly string[],
): { operands: number; awaiting: string | undefined } {
  let operands = 0;
  let awaiting: string | undefined;
  for (const arg of args) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (arg.startsWith("-") && arg.length > 1) {
      awaiting = flagAwaiting(flags, arg);
    } else {
      operands++;
    }
  }
  return { operands, awaiting };
}

const helpFlag: Suggestion = { value: "--help", summary: "explain the command" };

function flagOffers(flags: Flags, args: readonly string[]): Suggestion[] {
  const given = (name: string, flag: Flag<unknown>) =>
    args.some((arg) => arg === `--${name}` || arg === `-${flag.short}`);
  return Object.entries(flags)
    .filter(([name, flag]) => !flag.hidden && (flag.repeatable || !given(name, flag)))
    .map(([name, { summary }]) => ({ value: `--${name}`, summary }));
}

function summaries(commands: Readonly<Record<string, CommandNode>>): Suggestion[] {
  return Object.entries(commands).map(([value, { summary }]) => ({ value, summary }));
}

async function offersFor(
  wanted: CompletionTarget,
  partial: string,
  invocation: Invocation,
): Promise<readonly Suggestion[]> {
  switch (wanted.kind) {
    case "words":
      return wanted.args;
    case "value": {
      const named = wanted.completion.kind === "pods" ? new Set(wanted.args) : new Set();
      const offers = await completeValues(wanted, partial, invocation);
      return offers.filter(({ value }) => !named.has(value));
    }
    case "files":
    case "nothing":
      return [];
  }
}

/* Completion values that only the machine or a cluster knows. */

/** After this time the Tab key offers nothing. */
const limitMs = 1500;

/** More candidates than this don't help, and a shell asks whether to show them. */
const mostOffers = 1000;

/** Returns the values for a completion; none if the cluster doesn't answer in time. */
async function completeValues(
  wanted: { completion: Completion; command: Command; args: readonly string[] },
  partial: string,
  invocation: Invocation,
): Promise<readonly Suggestion[]> {
  const { completion } = wanted;
  if (completion.kind === "values") return completion.values;
  if (completion.kind === "files") return [];
  const signal = AbortSignal.timeout(limitMs);
  try {
    const { given, all, operands } = await givenWords(wanted.command, wanted.args);
    const host = await invocation.host({ kubeconfig: given("kubeconfig") });
    const asked = { host, given, all, operands, partial, signal };
    const names = await namesOf(completion.kind, asked);
    return names.map((one) => typeof one === "string" ? { value: one } : one)
      .filter(({ value }) => isOneWord(value));
  } catch {
    // No cluster, permission or time: there are no candidates, and the person keeps typing.
    return [];
  }
}

interface Asked {
  host: Host;
  given: (name: string) => string | undefined;
  /** Returns every value of a flag. */
  all: (name: string) => readonly string[];
  operands: readonly string[];
  /** The typed prefix of the argument. */
  partial: string;
  signal: AbortSignal;
}

async function namesOf(
  kind: Exclude<Completion["kind"], "values" | "files">,
  asked: Asked,
): Promise<readonly (string | Suggestion)[]> {
  switch (kind) {
    case "contexts":
      return (await asked.host.contexts()).map(({ name }) => name);
    case "namespaces":
      return await listNames({ plural: "namespaces", kind: "Namespace" }, undefined, asked);
    case "pods":
    case "containers":
    case "nodes":
    case "labels": {
      const offered = await import("../../actions/pick/offered_names.ts");
      const client = await asked.host.kube(asked.given("context"));
      const scope = await offerScope(asked);
      if (kind === "pods") return await offered.offeredPods(client, asked.partial, scope);
      if (kind === "containers") return await offered.offeredContainers(client, scope);
      if (kind === "nodes") return await offered.offeredNodes(client, scope);
      return await offered.offeredLabels(client, asked.partial, scope);
    }
    case "params": {
      const { readWorkflow } = await import("../../actions/workflow/files.ts");
      const { workflow } = await readWorkflow(asked.host, asked.operands[0] ?? "");
      return workflow.params.map(({ name, description = "" }) => ({
        value: `${name}=`,
        summary: printable(description).replaceAll(/\s+/g, " "),
      }));
    }
    case "workflows": {
      const { workflowNames } = await import("../../actions/workflow/run_workflow.ts");
      return await workflowNames(asked.host);
    }
    case "runs": {
      const { runIds } = await import("../../actions/runs/past_runs.ts");
      return ["last", ...(await runIds(asked.host)).reverse()];
    }
    case "sessions": {
      const { list } = await import("../../actions/session/list.ts");
      const scope = { ...scopeOf(asked), allNamespaces: false, tasks: false };
      const { rows } = await list(asked.host, scope, asked.signal);
      return rows.map((row) => row.kind === "session" ? row.session.name : row.name);
    }
    case "snapshots": {
      const { listSnapshots } = await import("../../actions/session/snapshots/snapshots.ts");
      const scope = { ...scopeOf(asked), allNamespaces: false };
      return (await listSnapshots(asked.host, scope, asked.signal)).snapshots
        .map(({ name }) => name);
    }
    case "templates": {
      const { listTemplates } = await import("../../actions/session/templates.ts");
      return (await listTemplates(asked.host)).map(({ name }) => name);
    }
    case "syncs": {
      const { listSyncs } = await import("../../actions/sync/syncs.ts");
      return (await listSyncs(asked.host)).map(({ spec }) => spec.key);
    }
    case "models": {
      const { suggestedModels } = await import("../../actions/model/setup.ts");
      return suggestedModels().map((value) => ({ value }));
    }
    case "configKeys": {
      const { settingKeys } = await import("../../actions/config/config.ts");
      return settingKeys();
    }
    case "configValues": {
      const { settingValues } = await import("../../actions/config/config.ts");
      return await settingValues(asked.operands[0] ?? "");
    }
  }
}

function scopeOf({ given }: Asked): { namespace?: string; context?: string } {
  return definedOnly({ namespace: given("namespace"), context: given("context") });
}

async function offerScope(asked: Asked): Promise<OfferScope> {
  const { given, all, operands, signal } = asked;
  return {
    namespace: await namespaceOf(asked),
    ...definedOnly({ labelSelector: given("selector") }),
    operands,
    match: all("match"),
    signal,
  };
}

async function namespaceOf({ host, given }: Asked): Promise<string> {
  return given("namespace") ?? (await host.kube(given("context"))).defaultNamespace;
}

async function listNames(
  { plural, kind }: { plural: string; kind: string },
  namespace: string | undefined,
  { host, given, signal }: Asked,
): Promise<string[]> {
  const client = await host.kube(given("context"));
  const resource = { group: "", version: "v1", plural, kind, namespaced: namespace !== undefined };
  const names: string[] = [];
  const scope = namespace === undefined ? {} : { namespace };
  for await (const page of client.list(resource, scope, { signal })) {
    names.push(...page.items.flatMap(({ metadata }) => metadata.name ?? []));
    if (names.length >= mostOffers) break;
  }
  return names.slice(0, mostOffers);
}

/** Returns the operands and the flag values of args that may be incomplete. */
async function givenWords(
  command: Command,
  args: readonly string[],
): Promise<Pick<Asked, "given" | "all" | "operands">> {
  // The last flag may still need its value, which would make the whole line an error.
  const attempts = [args, args.slice(0, -1)];
  for (const attempt of attempts) {
    try {
      const { texts, operands } = await sortArgs(command, attempt, "kodama");
      const all = (name: string) => texts.get(name) ?? [];
      return { given: (name) => all(name).at(-1), all, operands };
    } catch {
      continue;
    }
  }
  return { given: () => undefined, all: () => [], operands: [] };
}

/** A name that a shell would interpret isn't offered. */
function isOneWord(name: string): boolean {
  return !/\s/.test(name) && printable(name) === name;
}
