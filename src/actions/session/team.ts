/** Who is attached to a session, notes on it, and its transfer to another user. */
import { Deadline, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { action, type Hint, hint } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import type { Session } from "../../session/model.ts";
import {
  type Activity,
  type Attachment,
  isAttached,
  maxNoteChars,
  maxNotes,
  type Note,
  renewalMs,
  type StoredTeam,
  withAttachment,
  withNote,
  withoutAttachment,
} from "../../session/team.ts";
import { changeTeam, readTeam } from "../../session/team_store.ts";
import type { Host } from "../host.ts";
import { type OpenedSession, openSession } from "../session_ref.ts";
import type { SessionRef, TeamReport } from "./events.ts";
import { writeLocalSession } from "./local_file.ts";
import { otherOwner, selfInfo, sessionOwner } from "./owner.ts";

/** A session as it was read, without its pod. */
type OpenedState = Pick<OpenedSession, "store" | "stored">;

/** Returns the team of a session; undefined if the caller may not read it. */
export async function teamOf(
  host: Host,
  { store, stored }: OpenedState,
  signal: AbortSignal,
): Promise<TeamReport | undefined> {
  try {
    const { team } = await readTeam(store, stored);
    const now = team.attached.length === 0
      ? host.clock.now()
      : await serverTime(host.clock, store.client, signal);
    return { attached: attachedAt(team.attached, now), notes: team.notes };
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "forbidden") return undefined;
    throw error;
  }
}

/** Returns those who are attached at a time, the longest first. */
export function attachedAt(attached: readonly Attachment[], now: Date): Attachment[] {
  return attached.filter((one) => isAttached(one, now))
    .sort((a, b) => Date.parse(a.since) - Date.parse(b.since));
}

/** Returns the time by the API server's clock, which all machines of a team share; else that of this machine. */
export async function serverTime(
  clock: Clock,
  client: KubeClient,
  signal: AbortSignal,
): Promise<Date> {
  return (await selfInfo(client, signal)).now ?? clock.now();
}

/* Presence: as long as a client is attached, it renews its entry; the entry of a killed one expires. */

/** The time for the removal of the entry when the client detaches. */
const detachLimitMs = 2000;

/**
 * Reports in the cluster that this client is attached, until it is disposed of. What fails is logged, and retried at
 * the next renewal; without the right to write there is no entry.
 */
export function reportAttached(
  host: Host,
  { store, stored }: OpenedState,
  activity: Activity,
): AsyncDisposable {
  const ended = new AbortController();
  const renewing = store.until(ended.signal);
  const { clock, log } = host;
  const { client } = store;
  const renewals = async () => {
    if (client.readOnly !== undefined) return;
    const { user = "unknown", now = clock.now() } = await selfInfo(client, ended.signal);
    // The server's clock, without further requests, and after this machine was asleep.
    const aheadMs = now.getTime() - clock.now().getTime();
    const time = () => new Date(clock.now().getTime() + aheadMs);
    const own = { id: crypto.randomUUID(), user, activity, since: time().toISOString() };
    let last: StoredTeam | undefined;
    do {
      const renewedAt = time();
      const entry = { ...own, renewedAt: renewedAt.toISOString() };
      try {
        last = await changeTeam(renewing, stored, {
          from: last,
          change: (team) => withAttachment(team, entry, renewedAt),
        });
      } catch (error) {
        last = undefined;
        if (ended.signal.aborted) break;
        if (!(error instanceof KodamaError)) throw error;
        log("info", "session", `cannot report that this client is attached: ${error.message}`);
        if (["forbidden", "readOnly", "environment"].includes(error.kind)) return;
      }
    } while (await passed(clock, renewalMs, { signal: ended.signal }));
    await detach(host, { store, stored, from: last, id: own.id });
  };
  const running = renewals();
  running.catch(() => {});
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      // What this client did while it was attached doesn't fail because it couldn't be reported.
      await running.catch(() => {});
    },
  };
}

/** If it fails, the entry expires. */
async function detach(
  { clock, log }: Host,
  { store, stored, from, id }: OpenedState & { from: StoredTeam | undefined; id: string },
): Promise<void> {
  using deadline = new Deadline(clock, detachLimitMs);
  try {
    await changeTeam(store.until(deadline.signal), stored, {
      from,
      change: (team) => withoutAttachment(team, id),
    });
  } catch (error) {
    if (!(error instanceof KodamaError) && !deadline.expired) throw error;
    log("info", "session", "cannot report that this client is detached; its entry expires");
  }
}

/* Notes. */

/**
 * Adds a note to a session.
 *
 * @throws UsageError for an empty text, or one that is too long.
 */
export async function addNote(
  host: Host,
  { text, signal, ...ref }: SessionRef & { text: string; signal: AbortSignal },
): Promise<Note> {
  const line = plainText(text, maxNoteChars);
  if (line === "") throw new UsageError("a note needs a text");
  if (line.length > maxNoteChars) {
    throw new UsageError(`a note may have ${maxNoteChars} characters, and this one has more`, {
      hint: "a file in the session's workspace has no limit",
    });
  }
  const { store, stored } = await openSession(host, ref, signal);
  requireWritable(store.client, "add a note");
  const { user: by = "unknown", now = host.clock.now() } = await selfInfo(store.client, signal);
  const note = { by, at: now.toISOString(), text: line };
  const { team } = await changeTeam(store, stored, { change: (before) => withNote(before, note) });
  return { number: team.lastNote, ...note };
}

/** Returns the notes on a session, the oldest first. */
export async function listNotes(
  host: Host,
  { signal, ...ref }: SessionRef & { signal: AbortSignal },
): Promise<readonly Note[]> {
  const { store, stored } = await openSession(host, ref, signal);
  return (await readTeam(store, stored)).team.notes;
}

/**
 * Deletes a note.
 *
 * @throws KodamaError `notFound` if there is no note of this number.
 */
export async function deleteNote(
  host: Host,
  { number, signal, ...ref }: SessionRef & { number: number; signal: AbortSignal },
): Promise<void> {
  const { store, stored } = await openSession(host, ref, signal);
  requireWritable(store.client, "delete a note");
  const { name } = ref;
  await changeTeam(store, stored, {
    change: (team) => {
      const notes = team.notes.filter((one) => one.number !== number);
      if (notes.length < team.notes.length) return { ...team, notes };
      throw new KodamaError("notFound", `session "${name}" has no note ${number}`, {
        hint: hint`${action("note", { name })} lists them; the newest ${
          String(maxNotes)
        } are stored`,
      });
    },
  });
}

/* Transfer. */

/** The new owner of a session. */
export interface TransferOptions extends SessionRef {
  /** As the cluster knows the user. */
  to: string;
  signal: AbortSignal;
}

/** What a transfer changes, and what it doesn't. */
export interface TransferPlan {
  session: Session;
  from: string | undefined;
  to: string;
  /** The owner, if that isn't the caller. */
  otherOwner: string | undefined;
  /** What of the old owner's remains in the session: variables, by their names, and the token for git. */
  secrets: Session["environment"];
}

/** A plan, and the function that runs it. */
export interface PlannedTransfer {
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
  const { to, signal, name } = options;
  if (to === "" || plainText(to, 200) !== to) {
    throw new UsageError(`${JSON.stringify(to.slice(0, 80))} can't be the name of a user`);
  }
  const opened = await openSession(host, options, signal);
  const { store, stored: { session } } = opened;
  requireWritable(store.client, "transfer a session");
  const { owner: from, environment: secrets } = session;
  if (from === to) throw new UsageError(`session "${name}" belongs to ${to} already`);
  const me = await sessionOwner(store.client, signal);
  const plan = { session, from, to, otherOwner: otherOwner(session, me), secrets };
  return { plan, run: () => transfer(host, opened, { from, to, by: me, signal }) };
}

async function transfer(
  host: Host,
  { store, stored: before }: OpenedState,
  { from, to, by, signal }: {
    from: string | undefined;
    to: string;
    by: string | undefined;
    signal: AbortSignal;
  },
): Promise<{ warning?: Hint }> {
  const stored = await store.change(before, (session) => {
    if (session.owner === from) return { ...session, owner: to };
    throw new KodamaError(
      "conflict",
      `session "${session.name}" belongs to ${plainText(session.owner ?? "no one", 200)} now`,
      { hint: hint`${action("get", { name: session.name })} shows it` },
    );
  });
  const text = from === undefined ? `transferred to ${to}` : `transferred from ${from} to ${to}`;
  const now = await serverTime(host.clock, store.client, signal);
  const note = { by: by ?? "unknown", at: now.toISOString(), text };
  await changeTeam(store, stored, { change: (team) => withNote(team, note) });
  const warning = await writeLocalSession(host, stored.session, store.client.context);
  return warning === undefined ? {} : { warning };
}
