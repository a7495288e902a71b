/**
 * Values that a client offers for the arguments of prompts and of resources' addresses, while its user types them.
 * https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/completion
 */
import type { McpServer } from "@modelcontextprotocol/server";
import type { Host } from "../actions/host.ts";
import { offeredNamespaces, offeredPods } from "../actions/pick/offered_names.ts";
import { listRuns } from "../actions/runs/past_runs.ts";
import { list as listSessions } from "../actions/session/list.ts";
import { listWorkflows } from "../actions/workflow/files.ts";
import { KodamaError } from "../base/errors.ts";

/** An argument that is being typed, and the others as far as they are known. */
interface Typed {
  value: string;
  others: Readonly<Record<string, string>>;
  host: Host;
  signal: AbortSignal;
}

type Offer = (typed: Typed) => Promise<readonly string[]>;

/** The most values of an answer, by the protocol. */
const mostValues = 100;

/** Runs that are offered: the newest. */
const mostRuns = 200;

const namespaces: Offer = async ({ host, signal }) =>
  await offeredNamespaces(await host.kube(), signal);

const runs: Offer = async ({ host }) => (await listRuns(host, mostRuns)).runs.map(({ id }) => id);

/** The kinds that a workload is offered of, before a kind is typed. */
const workloadKinds = ["deploy/", "sts/", "ds/"];

const workloads: Offer = async ({ value, others, host, signal }) => {
  const client = await host.kube();
  const scope = {
    namespace: others["namespace"] ?? client.defaultNamespace,
    operands: [],
    match: [],
    signal,
  };
  const partials = value.includes("/") ? [value] : workloadKinds;
  return (await Promise.all(partials.map((one) => offeredPods(client, one, scope)))).flat();
};

/** Sessions that may be read, as the parts of their addresses. */
function sessions(part: "namespace" | "name"): Offer {
  return async ({ others, host, signal }) => {
    const listed = await listSessions(host, { allNamespaces: true, tasks: false }, signal);
    const { namespace } = others;
    const all = listed.rows.flatMap((row) => row.kind === "session" ? row.session : []);
    const found = part === "name" && namespace !== undefined
      ? all.filter((one) => one.namespace === namespace)
      : all;
    return [...new Set(found.map((one) => one[part]))];
  };
}

const ofWorkload = { namespace: namespaces, workload: workloads };

/** The candidates of prompts, by prompt and argument. */
const ofPrompts: Readonly<Record<string, Readonly<Record<string, Offer>>>> = {
  diagnose: ofWorkload,
  compare: ofWorkload,
  explain_run: { id: runs },
};

/** The candidates of resources, by address and the variable in it. */
const ofResources: Readonly<Record<string, Readonly<Record<string, Offer>>>> = {
  "kodama://workflows/{name}": {
    name: async ({ host }) => (await listWorkflows(host)).map(({ name }) => name),
  },
  "kodama://runs/{id}": { id: runs },
  "kodama://sessions/{namespace}/{name}": {
    namespace: sessions("namespace"),
    name: sessions("name"),
  },
  "kodama://docs/{page}": { page: async () => Object.keys((await import("./docs.ts")).docPages) },
};

/** Registers the completion of all arguments. Values that aren't known, or can't be read now, are omitted. */
export function registerCompletion({ server }: McpServer, host: Host): void {
  server.registerCapabilities({ completions: {} });
  server.setRequestHandler("completion/complete", async ({ params }, { mcpReq: { signal } }) => {
    const { ref, argument: { name, value }, context } = params;
    const offers = ref.type === "ref/prompt" ? ofPrompts[ref.name] : ofResources[ref.uri];
    const offer = offers !== undefined && Object.hasOwn(offers, name) ? offers[name] : undefined;
    const typed = { value, others: context?.arguments ?? {}, host, signal };
    const all = await offer?.(typed).catch((error: unknown) => {
      if (error instanceof KodamaError && !signal.aborted) return [];
      throw error;
    }) ?? [];
    return { completion: completionOf(all, value) };
  });
}

/** Returns the values that contain the typed text, those that start with it first. */
function completionOf(
  all: readonly string[],
  value: string,
): { values: string[]; total: number; hasMore: boolean } {
  const starting = all.filter((one) => one.startsWith(value));
  const containing = all.filter((one) => !one.startsWith(value) && one.includes(value));
  const values = [...starting, ...containing];
  return {
    values: values.slice(0, mostValues),
    total: values.length,
    hasMore: values.length > mostValues,
  };
}
