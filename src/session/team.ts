/**
 * What people who share a session know of each other: who is attached, and notes. One ConfigMap beside the session's
 * state stores both, so that a Role with ConfigMaps needs nothing more, and a Role for one session only this name. Pure.
 */
import * as v from "valibot";
import { parse, stringify } from "yaml";
import { plainText } from "../base/plain_text.ts";
import type { ConfigMap } from "../kube/types.ts";
import { sessionLabels, sessionNames } from "./names.ts";
import { ownedBy, type StoredSession } from "./state.ts";

/** What an attached client does. */
export const activities = ["shell", "sharedShell", "agentLog", "web"] as const;

/** One of them. */
export type Activity = (typeof activities)[number];

/** A client that is attached, or was when its process ended without removing this. */
export interface Attachment {
  /** Random: of one process. */
  id: string;
  /** As the cluster knows the user, reported by the client itself: not a proof. */
  user: string;
  activity: Activity;
  /** RFC 3339, by the API server's clock. */
  since: string;
  /** RFC 3339, by the API server's clock. */
  renewedAt: string;
}

/** A note on a session. */
export interface Note {
  /** Starts at 1, and isn't used again. */
  number: number;
  /** As the cluster knows the author, reported by the client itself. */
  by: string;
  /** RFC 3339. */
  at: string;
  text: string;
}

/** The content of the ConfigMap. */
export interface Team {
  attached: readonly Attachment[];
  /** The oldest first. */
  notes: readonly Note[];
  /** The number of the newest note that there ever was. */
  lastNote: number;
}

/** A team as it was read from the cluster. */
export interface StoredTeam {
  team: Team;
  /** Absent if there is no ConfigMap yet. */
  resourceVersion?: string;
}

/** The key in the ConfigMap. */
const teamKey = "team.yaml";

/** The most that are stored: the object is rewritten at each renewal of a client. */
export const maxNotes = 50;
/** Characters of a note. */
export const maxNoteChars = 1000;
const maxAttached = 200;
const maxChars = 512 * 1024;

/** A client that hasn't renewed its attachment for this long is no longer attached. */
const attachmentMs = 90_000;
/** Three attempts fit into that time. */
export const renewalMs = 30_000;

/** A session that no one was attached to, and without notes. */
export const emptyTeam: Team = { attached: [], notes: [], lastNote: 0 };

const line = v.pipe(v.string(), v.transform((text) => plainText(text, 200)));
const time = v.pipe(v.string(), v.isoTimestamp());
const number = v.pipe(v.number(), v.integer(), v.minValue(1));
const attachment = v.object({
  id: v.pipe(v.string(), v.maxLength(64)),
  user: line,
  activity: v.picklist(activities),
  since: time,
  renewedAt: time,
});
const note = v.object({
  number,
  by: line,
  at: time,
  text: v.pipe(v.string(), v.transform((text) => plainText(text, maxNoteChars))),
});

/**
 * Returns the team of a session from its ConfigMap. Everyone with rights in the namespace can write there: what isn't
 * valid, or belongs to an earlier session of the name, is ignored.
 */
export function storedTeam(object: ConfigMap, { uid }: Pick<StoredSession, "uid">): StoredTeam {
  const { ownerReferences = [], resourceVersion = "" } = object.metadata ?? {};
  const isOwn = ownerReferences.some((owner) => owner.uid === uid);
  return { team: isOwn ? teamOfText(object.data?.[teamKey]) : emptyTeam, resourceVersion };
}

function teamOfText(text: string | undefined): Team {
  if (text === undefined || text.length > maxChars) return emptyTeam;
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch {
    return emptyTeam;
  }
  const fields = v.safeParse(v.looseObject({}), document);
  if (!fields.success) return emptyTeam;
  const { attached, notes, lastNote } = fields.output;
  const valid = validOf(note, notes).slice(-maxNotes);
  return {
    attached: validOf(attachment, attached).slice(-maxAttached),
    notes: valid,
    lastNote: Math.max(v.is(number, lastNote) ? lastNote : 0, ...valid.map((one) => one.number)),
  };
}

/** Activities of later versions are ignored like any other invalid element. */
function validOf<S extends v.GenericSchema>(shape: S, list: unknown): v.InferOutput<S>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one) => {
    const result = v.safeParse(shape, one);
    return result.success ? [result.output] : [];
  });
}

/** Returns the object that stores a team. `resourceVersion` is that of the object which it replaces. */
export function teamObject(
  stored: StoredSession,
  { team, resourceVersion }: StoredTeam,
): ConfigMap {
  const { name, namespace } = stored.session;
  return ownedBy(stored, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: sessionNames(name).team,
      namespace,
      labels: sessionLabels(name, "team"),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    data: { [teamKey]: stringify(team, { aliasDuplicateObjects: false }) },
  });
}

/**
 * Returns whether a client is attached. One that claims to have renewed in the future isn't: it would never expire.
 *
 * @param now by the API server's clock.
 */
export function isAttached({ renewedAt }: Pick<Attachment, "renewedAt">, now: Date): boolean {
  return Math.abs(now.getTime() - Date.parse(renewedAt)) < attachmentMs;
}

/** Returns the team with a client's attachment added or renewed, and without expired ones. */
export function withAttachment(team: Team, own: Attachment, now: Date): Team {
  const others = team.attached.filter((one) => one.id !== own.id && isAttached(one, now));
  return { ...team, attached: [...others, own].slice(-maxAttached) };
}

/** Returns the team without a client's attachment. */
export function withoutAttachment(team: Team, id: string): Team {
  return { ...team, attached: team.attached.filter((one) => one.id !== id) };
}

/** Returns the team with another note; the oldest one is dropped for it if there are too many. */
export function withNote(team: Team, note: Omit<Note, "number">): Team {
  const lastNote = team.lastNote + 1;
  return {
    ...team,
    lastNote,
    notes: [...team.notes, { number: lastNote, ...note }].slice(-maxNotes),
  };
}
