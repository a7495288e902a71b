/** Checks whether kodama's requirements are met: one finding for each thing that can be wrong. */
import { Deadline, orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { checkMachine } from "./machine.ts";
import { checkServer } from "./server.ts";
import type { CheckId, Finding } from "./finding.ts";
import type { Host } from "../host.ts";

/** The contexts to check; the current one if none is named. */
export interface DoctorOptions {
  contexts: readonly string[];
  /** The namespace for which permissions are checked; the context's own if absent. */
  namespace?: string;
  signal: AbortSignal;
}

/** A server that doesn't answer for longer is treated as unreachable. */
const serverLimitMs = 10_000;

/** Yields the findings as they arrive: contexts sorted by name, then this machine. */
export async function* doctor(host: Host, options: DoctorOptions): AsyncGenerator<Finding, void> {
  const names = options.contexts.length === 0 ? [undefined] : [...new Set(options.contexts)];
  // All at once, reported in order: an unreachable cluster doesn't delay the others.
  const asked = names.map((name) => Array.fromAsync(checkContext(host, name, options)));
  const machine = Array.fromAsync(checkMachine(host, options.signal));
  // The first failure is thrown; without a handler the others would be unhandled rejections.
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
