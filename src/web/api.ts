/**
 * What the page of `kodama web` and its server exchange: requests, answers and events, types only. Shapes that
 * `-o json|jsonl` publishes are those of `present/` and `actions/`.
 *
 * All paths are relative to the page's own address, `/w/ID/`: a cookie of this machine is sent to all of its ports, so
 * the cookie's path is one that only this server has. The page uses `fetch("api/sessions")`, never `/api/sessions`, and
 * keeps its own state in the fragment (`#/sessions`).
 *
 * - Each POST has `Content-Type: application/json`, `X-Kodama: 1` and a body, `{}` if there is nothing to send.
 * - A failure is an {@link ErrorAnswer} with a fitting status. 401: not signed in any more, open a new link. 429: too
 *   many requests, `Retry-After` has the seconds.
 * - A change that must be confirmed is answered with 409 and kind `unconfirmed`: nothing was done. The page shows
 *   `error.question`, and repeats exactly the same request with the header `X-Kodama-Confirm: error.confirm`.
 * - Event streams are requested by `Accept: text/event-stream` (`EventSource` does). `data:` of each event is one JSON
 *   object, `id:` is where a stream resumes (`Last-Event-ID`). The event `end` (data `{}`) is the last one: close the
 *   stream, as `EventSource` would reconnect. The event `failed` has an {@link ErrorAnswer}, and is also the last one.
 *   Comments are sent each 15 s.
 */
import type { logs } from "../actions/logs/events.ts";
import type { ScopedSelection } from "../actions/selection.ts";
import type { Input } from "../operation/field.ts";
import type { AgentAbilities, StartedTask } from "../actions/agent/tasks.ts";
import type { SessionDiff } from "../actions/session/diff.ts";
import type { SessionScope } from "../actions/session/events.ts";
import type { ChangeQuestion } from "../actions/confirm_change.ts";
import type { ForwardReport } from "../actions/forward/background.ts";
import type { ListedWorkflow, ParamsSchema } from "../actions/workflow/files.ts";
import type { WorkflowPlan } from "../actions/workflow/run_steps.ts";
import type { ErrorKind, KodamaError } from "../base/errors.ts";
import type { StructuredHint } from "../base/hint.ts";
import type { JsonValue } from "../base/json_value.ts";
import type { FollowData } from "../present/agent_events.ts";
import type { TaskData } from "../present/agent_tasks.ts";
import type { RunEventData } from "../runs/run_state.ts";
import type { RunData, WorkflowRunData } from "../present/past_runs.ts";
import type { PodData } from "../present/pods_table.ts";
import type { SessionData } from "../present/session_text.ts";

export type { ParameterSchema, ParamsSchema } from "../actions/workflow/files.ts";
export type { AgentAbilities } from "../actions/agent/tasks.ts";
export type { ChangeQuestion } from "../actions/confirm_change.ts";
export type { FollowData } from "../present/agent_events.ts";
export type { TaskData } from "../present/agent_tasks.ts";
export type { RunData, WorkflowRunData } from "../present/past_runs.ts";
export type { PodData } from "../present/pods_table.ts";
export type { SessionData } from "../present/session_text.ts";

/** A value as `present/json.ts` writes it. */
export type AsJson<T> = T extends Date | Uint8Array | KodamaError | StructuredHint | bigint ? string
  : T extends ReadonlyMap<unknown, infer V> ? Record<string, AsJson<V>>
  : T extends ReadonlySet<infer V> ? AsJson<V>[]
  : T extends readonly (infer V)[] ? AsJson<V>[]
  : T extends object ? { [Name in keyof T]: AsJson<T[Name]> }
  : T;

/**
 * The routes, by method and path; `:name` is one encoded part of a path. `query` are parameters behind `?`; a list is
 * its name repeated, a switch is `true`. `answer` is the JSON of a success, `event` the JSON of each event.
 */
export interface Routes {
  "GET api/about": { answer: About };
  /** Makes a link that signs another browser in: a phone. */
  "POST api/links": { request: Empty; answer: SignInLink };
  /** Ends this browser's access, and its streams and terminals. */
  "POST api/sign-out": { request: Empty; answer: Empty };

  /** As events: the whole list first, then what changes. */
  "GET api/sessions": { query: SessionsQuery; answer: SessionList; event: SessionsEvent };
  "GET api/sessions/:name": { query: SessionScope; answer: SessionDetailsData };
  /** The work in a session: what differs from the commit that it started from. */
  "GET api/sessions/:name/diff": { query: SessionScope; answer: AsJson<SessionDiff> };
  /** Events of a task: of the one that the agent works on, or the newest, if no number is given. */
  "GET api/sessions/:name/log": { query: SessionScope & { task?: number }; event: FollowData };
  "GET api/sessions/:name/tasks": { query: SessionScope; answer: { tasks: TaskData[] } };
  /** Starts one; answers when its pod is requested, and the list shows how it starts. */
  "POST api/sessions": { query: SessionScope; request: StartSession; answer: StartedSession };
  /** What a start can be given. */
  "GET api/start": { answer: StartForm };
  "POST api/sessions/:name/prompt": {
    query: SessionScope;
    request: Prompt;
    answer: AsJson<StartedTask>;
  };
  /** Answers a tool that the agent waits with. */
  "POST api/sessions/:name/approval": {
    query: SessionScope;
    request: ApprovalAnswer;
    answer: Empty;
  };
  "POST api/sessions/:name/interrupt": {
    query: SessionScope;
    request: { task?: number };
    answer: { task: number };
  };
  /** Confirmed if work would be lost. */
  "POST api/sessions/:name/stop": { query: SessionScope; request: Empty; answer: Empty };
  /** Always confirmed. */
  "POST api/sessions/:name/delete": {
    query: SessionScope;
    request: { purge: boolean };
    answer: { removed: string[] };
  };
  /** Confirmed if the session is someone else's. `lines` are what isn't transferred. */
  "POST api/sessions/:name/transfer": {
    query: SessionScope;
    request: { to: string };
    answer: { lines: string[] };
  };
  /** Answers when the pod is requested; the list shows how it starts. */
  "POST api/sessions/:name/resume": { query: SessionScope; request: Empty; answer: Empty };

  /** As a stream, what changes follows the list. */
  "GET api/pods": { query: ScopedSelection; answer: PodList; event: PodsEvent };
  "GET api/logs": { query: Input<typeof logs.input>; event: LogEvent };

  "GET api/workflows": { answer: { workflows: WorkflowSummary[] } };
  "GET api/workflows/:name": { answer: WorkflowDetails };
  "POST api/workflows/:name/plan": { request: WorkflowValues; answer: AsJson<WorkflowPlan> };

  /** The newest runs first: those of this server, then those that this machine has recorded. */
  "GET api/runs": { query: { limit?: number }; answer: RunList };
  /** Starts a run, and answers once it has started; its events follow. */
  "POST api/runs": { request: StartRun; answer: StartedRun };
  /** A run of this server, or a recorded one. */
  "GET api/runs/:id": { answer: RunDetails };
  /** Only of runs of this server: from the start of the run, then live. */
  "GET api/runs/:id/events": { event: WebRunEvent };
  "POST api/runs/:id/rerun": { request: { failed: boolean }; answer: StartedRun };
  /** Only of runs of this server: running commands are ended; steps of `finally` still run. Twice ends them too. */
  "POST api/runs/:id/cancel": { request: Empty; answer: Empty };
  /** Answers a question of a run, which waits for it. */
  "POST api/runs/:id/answer": { request: RunAnswer; answer: Empty };

  "GET api/forwards": { answer: { forwards: ForwardData[] } };
  "POST api/forwards/:name/stop": { request: Empty; answer: Empty };

  /**
   * A WebSocket. Binary messages are bytes of the terminal, both ways; text messages are {@link TerminalRequest} and
   * {@link TerminalNote}. It closes after `exit` or `error`.
   */
  "GET api/terminal": { query: TerminalQuery };
}

/** Nothing. */
export type Empty = Record<string, never>;

/** Which namespaces are listed; the server's own if absent. */
export interface SessionsQuery extends SessionScope {
  allNamespaces?: boolean;
}

/** Every failure. */
export interface ErrorAnswer {
  error: {
    kind: ErrorKind;
    message: string;
    /** The way out, as text. */
    hint?: string;
    /** The question, of an error of kind `unconfirmed`. */
    question?: WebQuestion;
    /** With it the request can be repeated once, within ten minutes; of an error of kind `unconfirmed`. */
    confirm?: string;
  };
}

/** What a person is asked before a change. */
export type WebQuestion =
  /** A change of pods. `text` words it: the exact change, and what it reaches, in lines. */
  | { kind: "change"; text: string; change: AsJson<ChangeQuestion> }
  /** A change of a session: `text` has what it ends, removes or retains, in lines. */
  | { kind: "stop" | "delete" | "others"; text: string };

/** The server. */
export interface About {
  version: string;
  /** The current context. */
  context: string;
  contexts: string[];
  /** The namespace of the current context. */
  namespace: string;
  /** Nothing can be changed: the page offers no changes. */
  readOnly: boolean;
}

/** A link that works once. */
export interface SignInLink {
  url: string;
  /** ISO 8601. */
  expiresAt: string;
}

/* Sessions. */

/** The sessions of a scope. */
export interface SessionList {
  context: string;
  /** Null for all. */
  namespace: string | null;
  sessions: SessionRowData[];
}

/** A session of a list; of one whose state can't be read, only its name, its namespace and the reason. */
export type SessionRowData =
  | SessionData
  | { name: string; namespace: string; status: "Unreadable"; reason: string };

/** A change of a list of sessions. A session is identified by namespace and name. */
export type SessionsEvent =
  /** Replaces the list. */
  | { kind: "list" } & SessionList
  /** New, or changed. */
  | { kind: "session"; session: SessionRowData }
  | { kind: "removed"; namespace: string; name: string }
  /** The cluster isn't reached: what is listed may be old. */
  | { kind: "outOfSync"; reason: string }
  | { kind: "inSync" };

/** One session: what `kodama get -o json` prints. */
export type SessionDetailsData = SessionRowData & {
  restarts?: number;
  /** Absent without a repository, or if the pod doesn't answer. */
  work?: {
    branch: string;
    commitHash: string;
    commits: number;
    latest: { hash: string; subject: string }[];
    uncommitted: number;
  };
  /** The newest, the oldest first; absent if the pod doesn't answer. */
  tasks?: TaskData[];
};

/** A prompt for a session's agent. */
export interface Prompt {
  text: string;
  /** `latest` continues the newest conversation, and is the default; a number that of a task. */
  conversation?: "new" | "latest" | number;
  /** The texts of {@link StartForm}'s fields of a task. */
  options?: FormTexts;
}

/** The texts of a form's fields, by their names; what isn't given has its default. */
export type FormTexts = Record<string, string>;

/** A new session. */
export interface StartSession {
  name: string;
  /** The texts of {@link StartForm}'s fields. */
  options: FormTexts;
  /** The first task of its agent. */
  prompt?: Prompt;
}

/** Where a session starts. */
export interface StartedSession {
  namespace: string;
  name: string;
}

/** The options of a start, and of a task. */
export interface StartForm {
  session: ParamsSchema;
  task: ParamsSchema;
  agents: AgentAbilities[];
}

/** An answer to an agent that waits: exactly to what was shown. */
export interface ApprovalAnswer {
  task: number;
  request: string;
  tool: string;
  summary: string;
  decision: "allow" | "deny";
  /** The reason of a refusal, which the agent reads. */
  message?: string;
}

/* Pods and logs. */

/** Pods, as data of the fields of a selection: the grammar of all commands. */
export type PodsQuery = Readonly<Record<string, JsonValue>>;

/** The pods of a selection, in all phases. */
export interface PodList {
  pods: PodData[];
  /** Sentences about contexts that can't be reached, and pods that are left out. */
  notes: string[];
}

/** The pods of a selection, and how they change. */
export type PodsEvent =
  | ({ kind: "list" } & PodList)
  /** Pods that are new or changed, and those that are gone; of a name in both, the pod has been replaced. */
  | { kind: "changed"; pods: PodData[]; removed: Pick<PodData, "context" | "namespace" | "pod">[] }
  | { kind: "note"; text: string };

/** An event of a stream of logs. */
export type LogEvent =
  /** Containers, whose indexes continue those before. */
  | {
    kind: "sources";
    sources: { name: string; context: string; namespace: string; pod: string; container: string }[];
  }
  /** Each line is the index of its source, its time (ISO 8601, empty if unknown) and its text. */
  | { kind: "lines"; lines: [source: number, at: string, text: string][] }
  /** A sentence on the state of the streams: a broken connection, a container that has ended. */
  | { kind: "note"; text: string };

/* Workflows and runs. */

/** A workflow of a list; with errors it can't be run. */
export type WorkflowSummary = AsJson<Omit<ListedWorkflow, "path" | "choosing">>;

/** One workflow. */
export type WorkflowDetails = WorkflowSummary & {
  /**
   * JSON Schema (2020-12) of the parameters. `format: "duration"` is a text such as `30s`, `writeOnly` a secret; a list
   * is an array of texts.
   */
  parameters: ParamsSchema;
  /** What it does, in lines. */
  text: string;
};

/** The parameters of a run, and the pods that override the workflow's own. */
export interface WorkflowValues {
  params?: Record<string, JsonValue>;
  selection?: PodsQuery;
}

/** What is started. */
export type StartRun =
  | { kind: "workflow"; workflow: string } & WorkflowValues
  /** The input is of the operation `exec`. */
  | { kind: "exec"; input: Record<string, JsonValue> };

/** A run that has started. */
export interface StartedRun {
  id: string;
}

/** A run of this server. */
export interface LiveRun {
  /** The id within this server; that of the record is `record`. */
  id: string;
  kind: "workflow" | "exec";
  /** The workflow's name, or the command line. */
  title: string;
  startedAt: string;
  state: "running" | "ended";
  /** The exit code that `kodama run` would have; absent while it runs. */
  exitCode?: number;
  endedAt?: string;
  /** The id of its record, once it is known. */
  record?: string;
  /** It can't be run or was refused: the reason. */
  error?: ErrorAnswer["error"];
  /** It waits for these answers. */
  questions: RunQuestion[];
}

/** A question of a run. */
export interface RunQuestion {
  id: string;
  /** `change`: an answer is `yes` or `no`. */
  question:
    | WebQuestion
    | {
      kind: "ask";
      text: string;
      /** Possible answers; none for yes and no. */
      choices: string[];
      secret: boolean;
      /** Any text is an answer. */
      free: boolean;
      /** The answer is the index of a choice, from 0, or of several with commas between them. */
      indexed?: "one" | "many";
    };
}

/** The answer to one. Null: none is given, which a workflow treats as a refusal. */
export interface RunAnswer {
  question: string;
  answer: string | null;
}

/** The newest runs. A run of this server that has a record is only in `live`. */
export interface RunList {
  live: LiveRun[];
  recorded: RecordedRun[];
  /** Recorded on this machine. */
  total: number;
}

/** A record; of one that can't be read, why. */
export type RecordedRun =
  | { kind: "exec"; run: RunData }
  | { kind: "workflow"; run: WorkflowRunData }
  | { kind: "unreadable"; id: string; reason: string };

/** A run of this server, what is recorded of it, or both. With what each pod wrote. */
export interface RunDetails {
  live?: LiveRun;
  recorded?: RecordedRun;
}

/** An event of a run. */
export type WebRunEvent =
  /** As `exec -o jsonl --events` and `run -o jsonl` print it. */
  | { kind: "event"; event: RunEventData }
  /** The run's own state: first, after each question and answer, and last. */
  | { kind: "run"; run: LiveRun }
  /** Lines of output before this that are no longer stored. */
  | { kind: "omitted"; events: number };

/** Forwards in the background. */
export type ForwardData = AsJson<ForwardReport>;

/* Terminals. */

/** The query of a terminal of a session, or of a pod. */
export type TerminalQuery =
  & SessionScope
  & { columns: number; rows: number }
  & ({ session: string } | { pod: string; container?: string });

/** Maximum bytes of a message of the page: a longer paste is several messages. */
export type MaxInputBytes = 262_144;

/** From the page. */
export type TerminalRequest = { type: "resize"; columns: number; rows: number };

/** To the page. */
export type TerminalNote =
  | { type: "attached"; pod: string; container: string }
  /** The connection to the pod broke; the shell waits, and the server reconnects. */
  | { type: "lost"; reason: string }
  | { type: "exit"; code: number }
  | { type: "error"; error: ErrorAnswer["error"] };
