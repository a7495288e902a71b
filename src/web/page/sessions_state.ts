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

/** Returns the sessions as they are shown: agents that wait for an answer first, then those that work. */
export function sortedSessions(sessions: Iterable<SessionRowData>): SessionRowData[] {
  const rank = (session: SessionRowData) => {
    const state = taskOf(session)?.state;
    if (state === "waiting") return 0;
    if (session.status === "Failed" || session.status === "Unreadable") return 1;
    if (state === "working" || state === "queued") return 2;
    return session.status === "Stopped" ? 4 : 3;
  };
  return [...sessions].sort((a, b) =>
    rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }) ||
    a.namespace.localeCompare(b.namespace)
  );
}
