/** A shell that several people see and type in at once. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import {
  sharedShellCommand,
  sharedStateCommand,
  sharedStateOf,
} from "../../session/share_rights.ts";
import type { Host } from "../host.ts";
import type { FoundSession } from "../find_session.ts";

const askLimitMs = 15_000;

/**
 * Returns the args that join the shared shell of a session; without `readOnly` they start it if there is none.
 *
 * @throws KodamaError `conflict` if the image has no tmux, or with `readOnly` if there is no shared shell.
 */
export async function sharedShell(
  host: Host,
  { session, target }: FoundSession,
  { readOnly, signal }: { readOnly: boolean; signal: AbortSignal },
): Promise<string[]> {
  const client = await host.kube(target.context);
  const pod = { client, target, clock: host.clock, signal };
  const result = await runInPod(pod, { argv: sharedStateCommand(), timeoutMs: askLimitMs });
  const state = sharedStateOf(result.stdout);
  if (result.outcome.kind !== "ok" || state === undefined) {
    throw podFailure("cannot check for a shared shell", result);
  }
  const { name } = session;
  if (state === "noTmux") {
    throw new KodamaError(
      "conflict",
      `the image of session "${name}" has no tmux, which a shared shell needs`,
      { hint: hint`${action("attach", { name })} opens a shell of your own` },
    );
  }
  if (readOnly && state === "none") {
    throw new KodamaError("conflict", `there is no shared shell in session "${name}"`, {
      hint: hint`${action("attach", { name, shared: true })} starts one`,
    });
  }
  return sharedShellCommand({ readOnly });
}
