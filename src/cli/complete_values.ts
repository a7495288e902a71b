/** Values that only the machine or a cluster knows, for the shell to offer. */
import type { Host } from "../actions/host.ts";
import { definedOnly } from "../base/defined_only.ts";
import type { Command } from "./command.ts";
import type { Completion, Suggestion } from "./flag.ts";
import type { Invocation } from "./invocation.ts";
import { sortWords } from "./parse.ts";
import { printable } from "../term/printable.ts";

/** After this time the Tab key offers nothing. */
const limitMs = 1500;

/** More than this many offers help nobody, and a shell asks whether to show them. */
const mostOffers = 1000;

/** The values that a completion stands for; none when the cluster doesn't answer in time. */
export async function completeValues(
  wanted: { completion: Completion; command: Command; words: readonly string[] },
  invocation: Invocation,
): Promise<readonly Suggestion[]> {
  const { completion } = wanted;
  if (completion.kind === "values") return completion.values;
  if (completion.kind === "files") return [];
  const signal = AbortSignal.timeout(limitMs);
  try {
    const given = await givenFlags(wanted.command, wanted.words);
    const host = await invocation.host({ kubeconfig: given("kubeconfig") });
    const names = await namesOf(completion.kind, { host, given, signal });
    return names.filter(isOneWord).map((value) => ({ value }));
  } catch {
    // No cluster, no permission, no time: the person sees no offers, and types on.
    return [];
  }
}

interface Asked {
  host: Host;
  given: (name: string) => string | undefined;
  signal: AbortSignal;
}

async function namesOf(
  kind: Exclude<Completion["kind"], "values" | "files">,
  asked: Asked,
): Promise<string[]> {
  switch (kind) {
    case "contexts":
      return (await asked.host.contexts()).map(({ name }) => name);
    case "namespaces":
      return await listNames({ plural: "namespaces", kind: "Namespace" }, undefined, asked);
    case "pods":
      return await listNames({ plural: "pods", kind: "Pod" }, await namespaceOf(asked), asked);
    case "workflows": {
      const { workflowNames } = await import("../actions/run_workflow.ts");
      return await workflowNames(asked.host);
    }
    case "runs": {
      const { runIds } = await import("../actions/past_runs.ts");
      return (await runIds(asked.host)).reverse();
    }
    case "sessions": {
      const { list } = await import("../actions/session/list.ts");
      const scope = { ...scopeOf(asked), allNamespaces: false, tasks: false };
      const { rows } = await list(asked.host, scope, asked.signal);
      return rows.map((row) => row.kind === "session" ? row.session.name : row.name);
    }
    case "snapshots": {
      const { listSnapshots } = await import("../actions/session/snapshots.ts");
      const scope = { ...scopeOf(asked), allNamespaces: false };
      return (await listSnapshots(asked.host, scope, asked.signal)).snapshots
        .map(({ name }) => name);
    }
    case "templates": {
      const { listTemplates } = await import("../actions/session/templates.ts");
      return (await listTemplates(asked.host)).map(({ name }) => name);
    }
    case "syncs": {
      const { listSyncs } = await import("../actions/sync/syncs.ts");
      return (await listSyncs(asked.host)).map(({ spec }) => spec.key);
    }
    case "configKeys": {
      const { viewConfig } = await import("../actions/config.ts");
      return (await viewConfig(asked.host)).map(({ key }) => key);
    }
  }
}

function scopeOf({ given }: Asked): { namespace?: string; context?: string } {
  return definedOnly({ namespace: given("namespace"), context: given("context") });
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

/** The last value of a flag among words that may not be finished. */
async function givenFlags(
  command: Command,
  words: readonly string[],
): Promise<(name: string) => string | undefined> {
  // The last flag may still wait for its value, which would be an error of the whole line.
  const attempts = [words, words.slice(0, -1)];
  for (const attempt of attempts) {
    try {
      const { texts } = await sortWords(command, attempt, "kodama");
      return (name) => texts.get(name)?.at(-1);
    } catch {
      continue;
    }
  }
  return () => undefined;
}

/** A name that a shell would take for something else isn't offered. */
function isOneWord(name: string): boolean {
  return !/\s/.test(name) && printable(name) === name;
}
