/**
 * Changes a session in place: its image, resources and limits. Planned first, so that the user sees possible losses.
 */
import { requireWritable } from "../../kube/client_limits.ts";
import { UsageError } from "../../base/errors.ts";
import { limitsOf, limitText, type RequestedLimit } from "../../session/limits.ts";
import type { Session, SessionSpec } from "../../session/model.ts";
import type { Host } from "../host.ts";
import { openSession } from "../session_ref.ts";
import { amount } from "./definition.ts";
import type { SessionRef, StartEvent } from "./events.ts";
import { type Consent, consented, requireConsent } from "./owner.ts";
import { resume } from "./resume.ts";
import { planStop } from "./stop.ts";

/** The changeable parts of a session; absent parts stay. */
interface SetOptions extends SessionRef {
  image?: string;
  /** Quantities. */
  cpu?: string;
  memory?: string;
  /** Seconds, or `never`. */
  ttl?: RequestedLimit;
  idleTimeout?: RequestedLimit;
  consent: Consent;
  /** How long the new pod may take to be ready. */
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** A change, as text. */
interface SpecChange {
  /** `image`, `cpu`, `memory`, `ttl`, `idleTimeout`. */
  field: string;
  from: string;
  to: string;
}

/** The effects of a change. */
export interface SetPlan {
  session: Session;
  /** Empty if nothing differs. */
  changes: readonly SpecChange[];
  /** The session has a pod, which is replaced. */
  restarts: boolean;
  /** The task that its agent works on: it fails. */
  workingTask: number | undefined;
}

/** A plan, and the function that runs it. */
interface PlannedSet {
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
  await requireConsent(store.client, stored.session, { verb: "change", ...options });
  const spec = changedSpec(stored.session.spec, options);
  const changes = changesOf(stored.session.spec, spec);
  const { name, namespace } = stored.session;
  const ref = { name, namespace, context: store.client.context };
  const stopping = { ...ref, consent: consented, endTimeoutMs, signal };
  const stop = await planStop(host, stopping, { checkTasks });
  const restarts = changes.length > 0 && pod !== undefined;
  const { workingTask } = stop.plan;
  return {
    plan: { session: stored.session, changes, restarts, workingTask },
    async *run() {
      if (changes.length === 0) return;
      await store.change(stored, (session) => ({
        ...session,
        spec: changedSpec(session.spec, options),
      }));
      if (!restarts) return;
      for await (const _ of (await planStop(host, stopping, { checkTasks: false })).run());
      yield* resume(host, {
        ...{ ...ref, consent: consented, signal },
        readyTimeoutMs: options.readyTimeoutMs,
      });
    },
  };
}

/** Returns the specification with the requested parts. */
export function changedSpec(
  spec: SessionSpec,
  options: Omit<SetOptions, keyof SessionRef | "consent">,
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

/** Returns the differences. */
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
