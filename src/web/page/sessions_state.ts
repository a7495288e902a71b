/** The list of sessions, as its events change it. Pure. */
import type { SessionRowData, SessionsEvent, TaskData } from "../api.ts";

/** The list as it is known. */
export interface SessionsState {
  /** The sessions by namespace and name. Undefined until the list has arrived. */
  sessions: ReadonlyMap<string, SessionRowData> | undefined;
  /** Why the list may be old. */
  outOfSync?: string;
}

/** Returns the state after an event. */
export function sessionsAfter(state: SessionsState, event: SessionsEvent): SessionsState {
  switch (event.kind) {
    case "list":
      return { sessions: new Map(event.sessions.map((one) => [keyOf(one), one])) };
    case "session":
      return {
        ...state,
        sessions: new Map(state.sessions).set(keyOf(event.session), event.session),
      };
    case "removed": {
      const sessions = new Map(state.sessions);
      sessions.delete(keyOf(event));
      return { ...state, sessions };
    }
    case "outOfSync":
      return { ...state, outOfSync: event.reason };
    case "inSync": {
      const { outOfSync: _, ...synced } = state;
      return synced;
    }
  }
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Returns the agent's task of a session, if there is one. */
export function taskOf(session: SessionRowData): TaskData | undefined {
  return "task" in session ? session.task : undefined;
}

/** What needs a person comes first. */
const ranks = ["waiting", "failed", "working", "running", "stopped"];

/** Returns the sessions as they are shown: agents that wait for an answer first, then those that work. */
export function sortedSessions(sessions: Iterable<SessionRowData>): SessionRowData[] {
  const rank = (session: SessionRowData) => ranks.indexOf(stateOf(session));
  return [...sessions].sort((a, b) =>
    rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }) ||
    a.namespace.localeCompare(b.namespace)
  );
}

/** The states by which the list can be narrowed. */
export const sessionStates = ["waiting", "working", "failed", "running", "stopped"] as const;

/** The state that a person asks for: that of the agent, if it has a task. */
export function stateOf(session: SessionRowData): typeof sessionStates[number] {
  const task = taskOf(session)?.state;
  if (task === "waiting") return "waiting";
  if (task === "working" || task === "queued") return "working";
  if (session.status === "Failed" || session.status === "Unreadable") return "failed";
  return session.status === "Stopped" ? "stopped" : "running";
}

/** Returns the sessions in which every word of the text occurs: in a name, a branch, an owner, a repository, a prompt. */
export function matchingSessions(
  sessions: readonly SessionRowData[],
  { text, state }: { text: string; state: string },
): SessionRowData[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return sessions.filter((session) => {
    if (state !== "" && stateOf(session) !== state) return false;
    const { name, namespace, branch, repo, owner } = {
      ...{ branch: "", repo: "", owner: "" },
      ...session,
    };
    const prompt = taskOf(session)?.prompt ?? "";
    const searched = [name, namespace, branch, repo, owner, prompt].join("\n").toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}
