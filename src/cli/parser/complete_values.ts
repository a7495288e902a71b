/** Completion values that only the machine or a cluster knows. */
import type { OfferScope } from "../../actions/pick/offered_names.ts";
import type { Host } from "../../actions/host.ts";
import { definedOnly } from "../../base/defined_only.ts";
import type { Command } from "./command.ts";
import type { Completion, Suggestion } from "./flag.ts";
import type { Invocation } from "../invocation.ts";
import { sortArgs } from "./parse.ts";
import { printable } from "../../terminal/printable.ts";

/** After this time the Tab key offers nothing. */
const limitMs = 1500;

/** More candidates than this don't help, and a shell asks whether to show them. */
const mostOffers = 1000;

/** Returns the values for a completion; none if the cluster doesn't answer in time. */
export async function completeValues(
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
