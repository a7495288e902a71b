/** Whether what kodama needs is there: one finding for each thing that can be wrong. */
import { Deadline, orAborted } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { checkMachine } from "./doctor_machine.ts";
import { checkServer } from "./doctor_server.ts";
import type { CheckId, Finding } from "./finding.ts";
import type { Host } from "./host.ts";

/** Which contexts are looked at; the current one where none is named. */
export interface DoctorOptions {
  contexts: readonly string[];
  /** Where the permissions are asked for; the context's own where it is absent. */
  namespace?: string;
  signal: AbortSignal;
}

/** A server that is silent for longer counts as not there. */
const serverLimitMs = 10_000;

/** Tells the findings as they come: contexts in the order of their names, then this machine. */
export async function* doctor(host: Host, options: DoctorOptions): AsyncGenerator<Finding, void> {
  const names = options.contexts.length === 0 ? [undefined] : [...new Set(options.contexts)];
  // All at once, told in order: a dead cluster takes its time, and nobody else's.
  const asked = names.map((name) => Array.fromAsync(checkContext(host, name, options)));
  const machine = Array.fromAsync(checkMachine(host, options.signal));
  // Whoever comes first to fail is told; the others must not count as unheard of.
  for (const findings of [...asked, machine]) findings.catch(() => {});
  for (const findings of asked) yield* await findings;
  yield* await machine;
}

async function* checkContext(
  host: Host,
  name: string | undefined,
  options: DoctorOptions,
): AsyncGenerator<Finding, void> {
  const { namespace, signal } = options;
  let client: KubeClient;
  try {
    client = await host.kube(name);
  } catch (error) {
    yield failed("kubeconfig", error, name);
    return yield* skipped(["server", "listPods", "execPods", "streams", "versions", "clock"], name);
  }
  const context = client.context;
  yield { id: "kubeconfig", context, status: "ok", detail: `${context} is at ${client.server}` };
  using deadline = new Deadline(host.clock, serverLimitMs, signal);
  try {
    const version = await orAborted(
      client.raw<{ gitVersion?: unknown }>("GET", "/version", { signal: deadline.signal }),
      deadline.signal,
    );
    const release = typeof version.gitVersion === "string" ? version.gitVersion.slice(0, 60) : "";
    const told = release === "" ? "without telling its version" : release;
    yield { id: "server", context, status: "ok", detail: `answers, ${told}` };
    const where = namespace ?? client.defaultNamespace;
    yield* checkServer(host, client, { release, namespace: where, signal: deadline.signal });
  } catch (error) {
    signal.throwIfAborted();
    yield deadline.expired
      ? { id: "server", context, status: "fail", detail: `no answer from ${client.server} in 10s` }
      : failed("server", error, context);
    yield* skipped(["listPods", "execPods", "streams", "versions", "clock"], context);
  }
}

function failed(id: CheckId, error: unknown, context: string | undefined): Finding {
  if (!(error instanceof KodamaError)) throw error;
  return {
    id,
    ...(context === undefined ? {} : { context }),
    status: "fail",
    detail: error.message,
    ...(error.hint === undefined ? {} : { advice: error.hint }),
  };
}

function* skipped(ids: readonly CheckId[], context: string | undefined): Generator<Finding, void> {
  const named = context === undefined ? {} : { context };
  for (const id of ids) {
    yield { id, ...named, status: "skipped", detail: "the server can't be asked" };
  }
}
