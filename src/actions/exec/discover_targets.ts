/** Finds the targets of a selection in several contexts; none blocks the others. */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { type KodamaError, NoMatchError } from "../../base/errors.ts";
import { defaultedContainers } from "../../exec/defaulted_containers.ts";
import { compressNames } from "../../exec/target_names.ts";
import type { NearMatch } from "../../kube/select/nearest_matches.ts";
import type { FoundTargets } from "../../kube/select/find_targets.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import type { ExecEvent } from "./events.ts";
import { type AskLimits, type ContextAnswer, ContextAnswers } from "./ask_contexts.ts";
import { defaultSettings } from "../../config/default_settings.ts";
import { settingsOf } from "../config/setting_sources.ts";

/** The result of one context. */
export type ContextFindings =
  | { kind: "found"; context: string } & FoundTargets
  /** `context` is as given: empty for the current one. */
  | { kind: "failed"; context: string; error: KodamaError };

/** Finds the targets in one context, until the signal aborts; in the current one if none is named. */
export type FindIn = (
  context: string | undefined,
  signal: AbortSignal,
) => Promise<Extract<ContextFindings, { kind: "found" }>>;

/** How a selection is used. */
interface SelectionUse {
  /** Much data will pass through each of the pods. */
  bulk?: boolean;
  /**
   * Each pod gets an outcome: a named one that doesn't exist too, and with `requireAll`, of which the default is a
   * setting, each one that matches.
   */
  outcomes?: { requireAll?: boolean | undefined };
}

/** Returns a function that resolves a selection. */
export function selectIn(
  host: Host,
  selection: Selection,
  { bulk = false, outcomes }: SelectionUse = {},
): FindIn {
  const required = outcomes && requiredIn(host, selection, outcomes.requireAll);
  required?.catch(() => {});
  return async (name, signal) => {
    const opened = await host.kube(name);
    const client = bulk ? opened.forBulk() : opened;
    const found = required === undefined
      ? await host.select(client, selection, { signal })
      : await host.select(client, await required, { signal, absent: "target" });
    return { kind: "found", context: client.context, ...found };
  };
}

async function requiredIn(
  host: Host,
  selection: Selection,
  given: boolean | undefined,
): Promise<Selection> {
  if (selection.allPhases) return selection;
  const { exec } = await settingsOf(host);
  const requireAll = given ?? exec?.requireAll ?? defaultSettings.exec.requireAll;
  return requireAll ? { ...selection, allPhases: true } : selection;
}

/** Findings by context, in the order in which they arrive. */
export class Discovery {
  readonly #answers: ContextAnswers<Extract<ContextFindings, { kind: "found" }>>;
  /** The context of each container that was found, by server. */
  readonly #found = new Map<string, string>();

  /**
   * Queries every context at once; the current one if none is named.
   *
   * @param limits the time of each; by default that of the settings.
   */
  constructor(
    private readonly host: Host,
    contexts: readonly string[],
    find: FindIn,
    limits: AskLimits,
  ) {
    this.#answers = new ContextAnswers(host, contexts, find, limits);
  }

  /** Yields every context's result as it arrives; after {@link first}, those that it didn't wait for. */
  async *rest(): AsyncGenerator<ContextFindings, void> {
    for await (const answer of this.#answers.rest()) yield await this.#once(answer);
  }

  /** Waits until there is a target, then for a moment for the other contexts. */
  async first(): Promise<ContextFindings[]> {
    const all: ContextFindings[] = [];
    for (const answer of await this.#answers.first(({ targets }) => targets.length > 0)) {
      all.push(await this.#once(answer));
    }
    return all;
  }

  /**
   * Returns the findings without containers that another context has too: two names of one server, as of files that are
   * merged, must not run a command twice.
   */
  async #once(
    answer: ContextAnswer<Extract<ContextFindings, { kind: "found" }>>,
  ): Promise<ContextFindings> {
    if (answer.kind === "failed") return answer;
    const findings = answer.value;
    if (this.#answers.isSingle) return findings;
    const { context } = findings;
    const { server } = await this.host.kube(context);
    const targets: Target[] = [];
    const skipped = [...findings.skipped];
    for (const target of findings.targets) {
      const key = `${server}\0${target.uid}\0${target.container}`;
      const other = target.uid === undefined ? undefined : this.#found.get(key);
      if (other === undefined) {
        this.#found.set(key, context);
        targets.push(target);
      } else {
        const { namespace, pod } = target;
        const reason = `has the same server as context ${other}, by which it is selected too`;
        skipped.push({ namespace, pod, reason });
      }
    }
    return { ...findings, targets, skipped };
  }
}

/**
 * Returns the error of a selection that matches no pod in any context.
 *
 * @param options.listed the pods of the namespace have already been listed for the user.
 */
export function noMatch(
  all: readonly ContextFindings[],
  options: { listed?: boolean } = {},
): NoMatchError {
  const found = all.filter((findings) => findings.kind === "found");
  const skipped = found.flatMap((findings) => findings.skipped);
  const [first] = skipped;
  if (first !== undefined) {
    const others = skipped.length > 1 ? ` (and ${skipped.length - 1} more)` : "";
    return new NoMatchError(
      `no running pod ${askedText(found)}; ${first.pod}: ${first.reason}${others}`,
      { hint: `\`kubectl describe pod ${first.pod} -n ${first.namespace}\` says more` },
    );
  }
  const nearest = found.flatMap((findings) => findings.nearest).slice(0, 3);
  const advice = nearest.length > 0
    ? `did you mean ${nearest.map(nearText).join(" or ")}?`
    : wayOut(found, options.listed ?? false);
  return new NoMatchError(
    `no pod ${askedText(found)}`,
    advice === undefined ? {} : { hint: advice },
  );
}

/** Returns the advice if nothing matches and nothing is similar; none if there is no pod at all. */
function wayOut(
  found: readonly (ContextFindings & { kind: "found" })[],
  listed: boolean,
): Hint | undefined {
  const [first] = found;
  if (first?.requested?.everywhere === true) {
    return first.requested.text === ""
      ? undefined
      : hint`\`${action("pods", { allNamespaces: true })}\` lists all pods`;
  }
  return listed ? elsewhere : hint`\`${action("pods")}\` lists the pods; ${elsewhere}`;
}

const elsewhere = hint`${option("namespace")} or ${option("allNamespaces")} looks elsewhere`;

/** Returns the selection that no pod matches yet, its scope, and similar names. */
export function unmatched(
  all: readonly ContextFindings[],
): { words: string; where: string; nearest: string[] } {
  const found = all.filter((findings) => findings.kind === "found");
  const nearest = found.flatMap((findings) => findings.nearest).slice(0, 3).map(nearText);
  return { words: found[0]?.requested?.text ?? "", where: whereText(found), nearest };
}

/** `matches -m drive in namespace "web" (context lab)`: the request and its scope. */
function askedText(found: readonly (ContextFindings & { kind: "found" })[]): string {
  const words = found[0]?.requested?.text ?? "";
  const where = whereText(found);
  return words === "" ? where : `matches ${words} ${where}`;
}

/** `in namespace "web" (context lab)`. */
function whereText(found: readonly (ContextFindings & { kind: "found" })[]): string {
  const scopes = found.map(({ requested: asked, context }) =>
    `${asked?.scope ?? "what was given"} (context ${context})`
  );
  return `in ${scopes.slice(0, 3).join(" or ")}${scopes.length > 3 ? " or elsewhere" : ""}`;
}

/** `drive (weka-drive-[0-2])`; only the text if it is the whole name. */
function nearText({ text, names }: NearMatch): string {
  const [only, ...others] = names;
  return others.length === 0 && only === text ? text : `${text} (${compressNames(names)})`;
}

/** Returns the note on containers that were chosen by default; none if nothing was. */
export function defaultedNotes(
  targets: readonly Target[],
): Extract<ExecEvent, { kind: "containersDefaulted" }>[] {
  const choices = defaultedContainers(targets);
  return choices.length === 0 ? [] : [{ kind: "containersDefaulted", choices }];
}

/** The maximum number of names in the text: an error isn't a list. */
const reportedNames = 20;

/** `3 match: web-0, web-1, web-2`, for an error of an action that takes only one. */
export function matchesText(names: readonly string[]): string {
  const more = names.length > reportedNames ? ` and ${names.length - reportedNames} more` : "";
  return `${names.length} match: ${names.slice(0, reportedNames).join(", ")}${more}`;
}
