/** What a session leaves whose files didn't come: nothing of it, or what was there before. */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { planDeletion } from "./delete.ts";

/** So long it is tidied up; a second Ctrl-C leaves at once. */
const tidyLimitMs = 60_000;

/**
 * Takes away what was made of the session; gives the error that a person is told.
 *
 * @param purge its volumes too: they were made for it.
 */
export async function abandoned(
  host: Host,
  { namespace, client }: SessionStore,
  { name, error, purge }: { name: string; error: KodamaError; purge: boolean },
): Promise<KodamaError> {
  // The signal of the command may be the reason for its end.
  using deadline = new Deadline(host.clock, tidyLimitMs);
  const place = { name, namespace, context: client.context };
  let outcome = purge
    ? `nothing is left of session "${name}"`
    : `of session "${name}" the volumes are left, as they were`;
  try {
    const options = { ...place, purge, keepConfig: false, signal: deadline.signal };
    for await (const _gone of (await planDeletion(host, options)).run());
  } catch (failure) {
    if (!(failure instanceof KodamaError) && !deadline.expired) throw failure;
    const words = `kodama delete ${name} -n ${namespace}${purge ? " --purge" : ""}`;
    outcome = `${words} takes away what is left of it`;
  }
  return withOutcome(error, outcome);
}

/** The error's own hint first: it is nearer to the reason. */
export function withOutcome(error: KodamaError, outcome: string): KodamaError {
  const hint = error.hint === undefined ? outcome : `${error.hint}\n${outcome}`;
  return new KodamaError(error.kind, error.message, { hint, cause: error });
}
