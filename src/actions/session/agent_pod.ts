/** The pod in which an agent works: a session's, or any other. */
import type { Target } from "../../kube/select/target.ts";
import { wholeSelection } from "../exec/events.ts";
import type { Host } from "../host.ts";
import { runningTarget } from "../one_target.ts";
import type { FoundSession } from "../find_session.ts";
import type { Consent } from "./owner.ts";

/** Where to find an agent. */
export type AgentRef =
  & {
    /** The context's own if absent. */
    namespace?: string;
    context?: string;
  }
  & (
    | { kind: "session"; name: string }
    /** Any pod with a home folder. */
    | { kind: "pod"; name: string; container?: string }
  );

/**
 * As {@link agentTarget}, for a verb that the agent's owner has to know of: that of another user's session needs consent.
 */
export async function agentTargetFor(
  host: Host,
  ref: AgentRef,
  { signal, ...use }: { verb: string; consent: Consent; signal: AbortSignal },
): Promise<{ target: Target; session?: FoundSession }> {
  if (ref.kind === "pod") return { target: await agentTarget(host, ref, signal) };
  const [{ findSession }, { requireConsent }] = await Promise.all([
    import("../find_session.ts"),
    import("./owner.ts"),
  ]);
  const { kind: _, ...named } = ref;
  const found = await findSession(host, named, signal);
  await requireConsent(found.store.client, found.session, { ...use, signal });
  return { target: found.target, session: found };
}

/** Returns the target. Throws a `KodamaError` with the way out if there is none running. */
export async function agentTarget(
  host: Host,
  ref: AgentRef,
  signal: AbortSignal,
): Promise<Target> {
  if (ref.kind === "session") {
    const { findSession } = await import("../find_session.ts");
    const { kind: _, ...session } = ref;
    return (await findSession(host, session, signal)).target;
  }
  const { name, namespace, context, container } = ref;
  const selection = {
    ...wholeSelection,
    operands: [{ kind: "pod" as const, name }],
    ...(namespace === undefined ? {} : {
      namespaces: { kind: "named" as const, names: [namespace] },
    }),
    ...(container === undefined ? {} : { container }),
  };
  const contexts = context === undefined ? [] : [context];
  return await runningTarget(host, { contexts, selection }, signal);
}

/** The time for a pod that reads the volumes of a stopped session. */
const readyTimeoutMs = 120_000;

/**
 * Reads an agent's files; those of a stopped session in a pod that mounts its volumes meanwhile, read-only.
 *
 * @param onWait the reason why a stopped session's reader waits.
 */
export async function readingAgent<T>(
  host: Host,
  ref: AgentRef,
  { onWait, signal }: { onWait: (reason: string) => Promise<void>; signal: AbortSignal },
  read: (target: Target, options: { isStopped: boolean }) => Promise<T>,
): Promise<T> {
  if (ref.kind === "pod") {
    return await read(await agentTarget(host, ref, signal), { isStopped: false });
  }
  const { sessionFiles } = await import("./session_files.ts");
  const { kind: _, ...session } = ref;
  const { isStopped, withFiles } = await sessionFiles(host, session, { readyTimeoutMs, signal });
  // deno-lint-ignore require-yield -- it waits for nothing itself
  const reading = withFiles(async function* ({ target }) {
    return await read(target, { isStopped });
  });
  for (;;) {
    const next = await reading.next();
    if (next.done === true) return next.value;
    await onWait(next.value);
  }
}
