/** Finds the targets of a context within a time limit; while a server is down, retried like the streams into them. */
import { onAbort } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import { formatDuration } from "../../base/duration.ts";
import { Outages } from "../../exec/outages.ts";
import type { KubeClient } from "../../kube/client.ts";
import { isUnsent, noResponseError } from "../../kube/failures.ts";
import type { Host } from "../host.ts";
import type { ExecEvent } from "./events.ts";

/** A shorter wait isn't reported. */
const reportAfterMs = 1000;

/** How long the targets of a context are awaited. */
export interface FindLimits {
  signal: AbortSignal;
  /** Milliseconds, for all that comes before the server's first answer: credentials, and the connection. */
  limit: Promise<number>;
  /** A server that is down is retried. */
  retries: boolean;
  /** A user may take longer to log in by a credential plugin. */
  waitsForUser?: boolean;
  /** Called for a context that takes longer than a second, and when its server is down after that. */
  onWait?: (wait: ContextWait) => void;
}

/** A context that takes longer than a second, and what is awaited. */
export type ContextWait = Extract<ExecEvent, { kind: "contextWaiting" }>;

/**
 * Returns a `find` that is retried while the server is down, until the limit; then it throws the last error, or one that
 * names what is awaited.
 */
export function findRetrying<T>(
  { clock, kube }: Pick<Host, "clock" | "kube">,
  find: (context: string | undefined, signal: AbortSignal) => Promise<T>,
  { signal, limit, retries, waitsForUser = false, onWait = () => {} }: FindLimits,
): (context: string | undefined) => Promise<T> {
  return async (name) => {
    const startMs = clock.elapsedMs();
    let client: KubeClient | undefined;
    let downReason: string | undefined;
    const bound = new AbortController();
    using cleanup = new DisposableStack();
    cleanup.use(onAbort(signal, () => bound.abort(signal.reason)));
    const isLogin = () => waitsForUser && client?.awaited?.mayPrompt === true;
    const report = async () => {
      const reason = downReason ??
        (client?.awaited === undefined ? "no answer yet" : `${client.awaited.text} is running`);
      const context = client?.context ?? name ?? "";
      const limitMs = isLogin() ? undefined : await limit.catch(() => undefined);
      if (!cleanup.disposed) onWait({ kind: "contextWaiting", context, reason, limitMs });
    };
    cleanup.use(clock.timer(reportAfterMs, report));
    limit.then((limitMs) => {
      if (cleanup.disposed) return;
      cleanup.use(clock.timer(limitMs, () => {
        if (!isLogin() && client?.hasAnswered !== true) {
          bound.abort(noAnswerError(client, name, limitMs));
        }
      }));
    }, () => {
      // The caller reports it: it needs all settings.
    });
    // The registry of clients opens each once.
    kube(name).then((opened) => client = opened, () => {});
    try {
      return await find(name, bound.signal);
    } catch (error) {
      if (!retries || !isUnsent(error)) throw error;
      const { at: { context }, reason } = error.failure;
      downReason = reason;
      if (clock.elapsedMs() - startMs >= reportAfterMs) await report();
      const outages = new Outages(clock, await limit);
      return await outages.retry(context, () => find(name, bound.signal), bound.signal);
    }
  };
}

function noAnswerError(
  client: KubeClient | undefined,
  name: string | undefined,
  limitMs: number,
): KodamaError {
  const { context = name ?? "", server = "", awaited } = client ?? {};
  if (awaited === undefined) return noResponseError({ context, server }, limitMs);
  return new KodamaError(
    "unreachable",
    `context ${context}: ${awaited.text} gave no answer in ${formatDuration(limitMs)}`,
    { hint: hint`${option("connectTimeout", "2m")} leaves time to log in` },
  );
}
