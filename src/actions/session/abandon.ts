/** What remains of a session whose files weren't copied: nothing, or its earlier state. */
import { action, hint } from "../../base/hint.ts";
import type { KodamaError } from "../../base/errors.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { planDeletion } from "./delete.ts";
import { tidiedUp, withOutcome } from "./tidying.ts";

/** A pod takes up to half a minute of it to end. */
const untilGoneMs = 60_000;

/**
 * Removes everything created for the session; returns the error to report.
 *
 * @param purge removes its volumes too: they were created for it.
 */
export async function abandoned(
  host: Host,
  store: SessionStore,
  { name, error, purge }: { name: string; error: KodamaError; purge: boolean },
): Promise<KodamaError> {
  const { namespace, client: { context } } = store;
  const isGone = await tidiedUp(host.clock, store, async (_, signal) => {
    const options = { name, namespace, context, purge, keepConfig: false, signal };
    for await (const _gone of (await planDeletion(host, options)).run());
  }, untilGoneMs);
  if (!isGone) {
    const removal = action("delete", { name, namespace, ...(purge ? { purge: true } : {}) });
    return withOutcome(error, hint`${removal} takes away what is left of it`);
  }
  return withOutcome(
    error,
    purge
      ? `nothing is left of session "${name}"`
      : `of session "${name}" the volumes are left, as they were`,
  );
}
