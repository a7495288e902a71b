/** The findings of `doctor --sessions`. */
import { KodamaError } from "../../base/errors.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Host } from "../host.ts";
import { snapshotFindings } from "./snapshots/doctor.ts";
import { type SessionRemains, sessionRemains } from "./remains.ts";

/** Which sessions are checked. */
export interface DoctorSessionsOptions {
  contexts: readonly string[];
  namespace?: string;
  signal: AbortSignal;
}

/** Finds objects whose session no longer exists, context by context. */
export async function* doctorSessions(
  host: Host,
  { contexts, namespace, signal }: DoctorSessionsOptions,
): AsyncGenerator<Finding, void> {
  for (const name of contexts.length === 0 ? [undefined] : contexts) {
    const id = "sessions";
    try {
      const client = await host.kube(name);
      const { context } = client;
      const all = await sessionRemains(client, namespace, signal);
      const whole = all.filter(({ kind }) => kind === "whole").length;
      for (const remains of all) {
        const found = findingOf(remains);
        if (found !== undefined) yield { id, context, ...found };
      }
      const isWhole = new Set(
        all.filter(({ kind }) => kind === "whole").map((one) => `${one.namespace}/${one.name}`),
      );
      const hasSession = (place: string, session: string) => isWhole.has(`${place}/${session}`);
      const snapshots = await snapshotFindings(client, { namespace, hasSession, signal });
      for (const found of snapshots) yield { id, context, ...found };
      if (all.every(({ kind }) => kind !== "orphaned")) {
        yield { id, context, status: "ok", detail: `${whole} there, and nothing without one` };
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      signal.throwIfAborted();
      const context = name === undefined ? {} : { context: name };
      yield { id, ...context, status: "fail", detail: error.message };
    }
  }
}

function findingOf(
  { name, namespace, kind, objects, passing }: SessionRemains,
): Pick<Finding, "status" | "detail" | "advice"> | undefined {
  switch (kind) {
    case "whole":
      return passing.length === 0 ? undefined : {
        status: "ok",
        detail: `of a copy of "${name}" in namespace "${namespace}" that goes on, or was killed: ${
          passing.join(", ")
        }`,
        advice: `the next copy takes away what is left of the last; so does ` +
          `kubectl delete -n ${namespace} ${passing.map((one) => one.replace(" ", "/")).join(" ")}`,
      };
    case "kept":
      return {
        status: "ok",
        detail: `the data of "${name}" in namespace "${namespace}" is kept: ${objects.join(", ")}`,
        advice: `kodama start ${name} -n ${namespace} uses it again; ` +
          `kodama delete ${name} -n ${namespace} --purge takes it away`,
      };
    case "orphaned":
      return {
        status: "warn",
        detail: `without a session "${name}" in namespace "${namespace}": ${objects.join(", ")}`,
        advice: `kodama delete ${name} -n ${namespace} takes them away, and keeps its claims`,
      };
  }
}
