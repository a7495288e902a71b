/** The transfer of a session to another owner. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { action, type Hint, hint } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";
import { openSession } from "../session_ref.ts";
import type { SessionRef } from "./events.ts";
import { writeLocalSession } from "./local_file.ts";
import { type Consent, isOthers, sessionOwner } from "./owner.ts";

/** The new owner of a session. */
interface TransferOptions extends SessionRef {
  /** As the cluster knows the user. */
  to: string;
  consent: Consent;
  signal: AbortSignal;
}

/** The changes of a transfer, and the unchanged parts. */
export interface TransferPlan {
  session: Session;
  from: string | undefined;
  to: string;
  /** The old owner's values that remain in the session: variables, by their names, and the token for git. */
  secrets: Session["environment"];
}

/** A plan, and the function that runs it. */
interface PlannedTransfer {
  plan: TransferPlan;
  /** Throws KodamaError `conflict` if it got another owner meanwhile. */
  run(): Promise<{ warning?: Hint }>;
}

/**
 * Plans the transfer of a session to another owner; changes nothing. It grants no rights: `share` prints those.
 *
 * @throws UsageError if the name can't be a user's, or is the owner's.
 */
export async function planTransfer(
  host: Host,
  options: TransferOptions,
): Promise<PlannedTransfer> {
  const { to, consent, signal, name } = options;
  if (to === "" || plainText(to, 200) !== to) {
    throw new UsageError(`${JSON.stringify(to.slice(0, 80))} can't be the name of a user`);
  }
  const { store, stored } = await openSession(host, options, signal);
  const { session } = stored;
  requireWritable(store.client, "transfer a session");
  const { owner: from, environment: secrets } = session;
  if (from === to) throw new UsageError(`session "${name}" belongs to ${to} already`);
  const me = await sessionOwner(store.client, signal);
  if (isOthers(session, me)) await consent({ verb: "transfer", name, owner: session.owner });
  const run = async () => {
    const { session: changed } = await store.change(stored, (now) => {
      if (now.owner === from) return { ...now, owner: to };
      throw new KodamaError(
        "conflict",
        `session "${name}" belongs to ${plainText(now.owner ?? "no one", 200)} now`,
        { hint: hint`${action("get", { name })} shows it` },
      );
    });
    const warning = await writeLocalSession(host, changed, store.client.context);
    return warning === undefined ? {} : { warning };
  };
  return { plan: { session, from, to, secrets }, run };
}
