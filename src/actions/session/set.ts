/** Changes a session in place: its image, resources and limits. Planned first, so that the user sees what is lost. */
import { requireWritable } from "../../kube/client_limits.ts";
import { UsageError } from "../../base/errors.ts";
import { limitsOf, limitText, type RequestedLimit } from "../../session/limits.ts";
import type { Session, SessionSpec } from "../../session/model.ts";
import type { Host } from "../host.ts";
import { openSession } from "../session_ref.ts";
import { amount } from "./definition.ts";
import type { SessionRef, StartEvent } from "./events.ts";
import { resume } from "./resume.ts";
import { planStop } from "./stop.ts";

/** What of a session can be changed; absent parts stay. */
export interface SetOptions extends SessionRef {
  image?: string;
  /** Quantities. */
  cpu?: string;
  memory?: string;
  /** Seconds, or `never`. */
  ttl?: RequestedLimit;
  idleTimeout?: RequestedLimit;
  /** How long the new pod may take to be ready. */
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** One change, as text. */
export interface SpecChange {
  /** `image`, `cpu`, `memory`, `ttl`, `idleTimeout`. */
  field: string;
  from: string;
  to: string;
}

/** What a change does. */
export interface SetPlan {
  session: Session;
  /** Its owner, if that is someone else. */
  otherOwner: string | undefined;
  /** Empty if nothing differs. */
  changes: readonly SpecChange[];
  /** It has a pod, which is replaced. */
  restarts: boolean;
  /** The task that its agent works on: it fails. */
  workingTask: number | undefined;
}

/** A plan, and the function that runs it. */
export interface PlannedSet {
  plan: SetPlan;
  /** Runs it; the events are those of the new pod. Without a pod only the session is stored. */
  run(): AsyncGenerator<StartEvent, void>;
}

/** The time that a pod may take to end. */
const endTimeoutMs = 120_000;

/**
 * Plans the changes; changes nothing.
 *
 * @throws KodamaError `notFound` if there is no such session; UsageError if no change is requested.
 */
export async function planSet(
  host: Host,
  options: SetOptions,
  { checkTasks }: { checkTasks: boolean },
): Promise<PlannedSet> {
  const { signal } = options;
  const { store, stored, pod } = await openSession(host, options, signal);
  requireWritable(store.client, "change a session");
  const spec = changedSpec(stored.session.spec, options);
  const changes = changesOf(stored.session.spec, spec);
  const { name, namespace } = stored.session;
  const ref = { name, namespace, context: store.client.context };
  const stop = await planStop(host, { ...ref, endTimeoutMs, signal }, { checkTasks });
  const restarts = changes.length > 0 && pod !== undefined;
  const { otherOwner, workingTask } = stop.plan;
  return {
    plan: { session: stored.session, otherOwner, changes, restarts, workingTask },
    async *run() {
      if (changes.length === 0) return;
      await store.change(stored, (session) => ({
        ...session,
        spec: changedSpec(session.spec, options),
      }));
      if (!restarts) return;
      await (await planStop(host, { ...ref, endTimeoutMs, signal }, { checkTasks: false })).run();
      yield* resume(host, { ...ref, readyTimeoutMs: options.readyTimeoutMs, signal });
    },
  };
}

/** Returns the specification with the requested parts. */
export function changedSpec(
  spec: SessionSpec,
  options: Omit<SetOptions, keyof SessionRef>,
): SessionSpec {
  const { image, ttl, idleTimeout } = options;
  const [cpu, memory] = [amount("cpu", options.cpu), amount("memory", options.memory)];
  const { ttlSeconds, idleSeconds } = spec.limits;
  if ([image, cpu, memory, ttl, idleTimeout].every((one) => one === undefined)) {
    throw new UsageError("nothing to change is named");
  }
  return {
    ...spec,
    image: image ?? spec.image,
    resources: { cpu: cpu ?? spec.resources.cpu, memory: memory ?? spec.resources.memory },
    limits: limitsOf({ ttl: ttl ?? ttlSeconds, idleTimeout: idleTimeout ?? idleSeconds }),
  };
}

/** Returns what differs. */
export function changesOf(from: SessionSpec, to: SessionSpec): SpecChange[] {
  const fields = (spec: SessionSpec) => ({
    image: spec.image,
    cpu: spec.resources.cpu,
    memory: spec.resources.memory,
    ttl: textOf(spec.limits.ttlSeconds),
    idleTimeout: textOf(spec.limits.idleSeconds),
  });
  const before = fields(from);
  return Object.entries(fields(to))
    .map(([field, text]) => ({ field, from: before[field as keyof typeof before], to: text }))
    .filter((one) => one.from !== one.to);
}

function textOf(seconds: number | undefined): string {
  return seconds === undefined ? "never" : limitText(seconds);
}
