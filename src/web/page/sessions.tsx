/** Sessions: the list, and one with its agent's log, its changes and its terminal. */
import { useEffect, useState } from "preact/hooks";
import type {
  AgentAbilities,
  FormTexts,
  SessionDetailsData,
  SessionRowData,
  TaskData,
} from "../api.ts";
import { Approvals, TaskFields, Tasks } from "./agent.tsx";
import { type AgentLog, emptyLog, logAfter, type LogEntry } from "./agent_log.ts";
import { call } from "./client.ts";
import { useAnswer, useDoing, useEvents, useNow } from "./hooks.ts";
import {
  Badge,
  Check,
  Facts,
  FormField,
  Heading,
  InputForm,
  Loading,
  Problem,
  Scroll,
  StreamNotice,
  TextField,
} from "./parts.tsx";
import { type PageRoute, routeHref, type SessionTab, sessionTabs } from "./route.ts";
import {
  matchingSessions,
  sessionsAfter,
  type SessionsState,
  sessionStates,
  sortedSessions,
  stateOf,
  taskOf,
} from "./sessions_state.ts";
import { Manage } from "./manage.tsx";
import { SessionTerminal } from "./terminals.tsx";
import { ageOf, costText, firstLine, plain, plural, remaining, tokensText } from "./text.ts";
import { type DiffFile, diffFiles } from "./unified_diff.ts";

/** All sessions of the namespace, or of the cluster. */
export function SessionListView({ mayChange }: { mayChange: boolean }) {
  const [isAll, setAll] = useState(() => localStorage.getItem("allNamespaces") === "true");
  const [state, setState] = useState<SessionsState>({ sessions: undefined });
  const stream = useEvents("GET api/sessions", { query: { allNamespaces: isAll } }, {
    apply: (events) => setState((before) => events.reduce(sessionsAfter, before)),
    reset: () => setState({ sessions: undefined }),
  });
  const now = useNow();
  const [wanted, setWanted] = useState({ text: "", state: "" });
  const [limit, setLimit] = useState(sessionsAtOnce);
  const sessions = state.sessions && sortedSessions(state.sessions.values());
  const matching = matchingSessions(sessions ?? [], wanted);
  const choose = (isOn: boolean) => {
    localStorage.setItem("allNamespaces", String(isOn));
    setAll(isOn);
  };
  return (
    <>
      <Heading title="Sessions">
        <Check label="All namespaces" isOn={isAll} onChange={choose} />
        {mayChange && <a class="button" href={routeHref({ view: "newSession" })}>New session</a>}
      </Heading>
      <StreamNotice state={stream} />
      {state.outOfSync !== undefined && (
        <p class="warning-text" role="status">
          {`The list may be old: ${plain(state.outOfSync)}`}
        </p>
      )}
      {sessions === undefined ? stream.kind !== "failed" && <Loading /> : sessions.length === 0
        ? (
          <p>
            No sessions here.{mayChange && (
              <>
                {" "}
                <a href={routeHref({ view: "newSession" })}>Start one</a>, or by{" "}
                <code>kodama start NAME --prompt "…"</code>.
              </>
            )}
          </p>
        )
        : (
          <>
            <search class="search-bar">
              <TextField
                label="Find sessions"
                placeholder="name, branch, owner, prompt"
                value={wanted.text}
                onText={(text) => setWanted({ ...wanted, text })}
                inputMode="search"
              />
              <FormField label="State">
                {(ids) => (
                  <select
                    {...ids}
                    value={wanted.state}
                    onChange={({ currentTarget }) =>
                      setWanted({ ...wanted, state: currentTarget.value })}
                  >
                    <option value="">all</option>
                    {sessionStates.map((one) => (
                      <option key={one} value={one}>
                        {`${one} (${sessions.filter((each) => stateOf(each) === one).length})`}
                      </option>
                    ))}
                  </select>
                )}
              </FormField>
              <p class="soft" role="status">
                {matching.length === sessions.length
                  ? plural(sessions.length, "session")
                  : `${matching.length} of ${plural(sessions.length, "session")}`}
              </p>
            </search>
            <ul class="cards">
              {matching.slice(0, limit).map((session) => (
                <li key={`${session.namespace}/${session.name}`}>
                  <SessionCard {...{ session, now, mayChange }} showsNamespace={isAll} />
                </li>
              ))}
            </ul>
            {matching.length > limit && (
              <button type="button" onClick={() => setLimit(limit * 4)}>
                {`Show more (${matching.length - limit} aren't shown)`}
              </button>
            )}
          </>
        )}
    </>
  );
}

/** Cards that are drawn at once; more are shown on request. */
const sessionsAtOnce = 60;

function SessionCard(
  { session, now, showsNamespace, mayChange }: {
    session: SessionRowData;
    now: number;
    showsNamespace: boolean;
    mayChange: boolean;
  },
) {
  const { name, namespace, status } = session;
  const task = taskOf(session);
  const href = routeHref({ view: "session", namespace, name, tab: "log" });
  return (
    <article class="card">
      <h2>
        <a href={href}>{plain(name)}</a> <Badge state={status} />
        {task !== undefined && <Badge state={task.state} text={`agent ${task.state}`} />}
      </h2>
      {showsNamespace && <p class="soft">{plain(namespace)}</p>}
      {session.reason !== undefined && <p class="warning-text">{plain(session.reason)}</p>}
      {task !== undefined && <TaskSummary task={task} />}
      {task !== undefined && (
        <Approvals
          target={{ path: { name }, query: { namespace } }}
          {...{ task, mayChange }}
        />
      )}
      {"createdAt" in session && (
        <p class="soft">
          {[
            plain(session.owner ?? ""),
            plain(session.branch ?? ""),
            `${ageOf(session.createdAt, now)} old`,
            limitText(session),
          ].filter((text) => text !== "").join(" · ")}
        </p>
      )}
    </article>
  );
}

function TaskSummary({ task }: { task: TaskData }) {
  const { prompt, lastMessage, reason } = task;
  return (
    <>
      <p class="prompt">{plain(firstLine(prompt, 160))}</p>
      {reason !== null && <p class="warning-text">{plain(firstLine(reason, 200))}</p>}
      {lastMessage !== "" && <p>{plain(firstLine(lastMessage, 200))}</p>}
      <p class="soft">{usageText(task)}</p>
    </>
  );
}

function usageText({ turns, tools, tokens, costUsd }: TaskData): string {
  return [
    plural(turns, "turn"),
    plural(tools, "tool"),
    `${tokensText(tokens)} tokens`,
    costText(costUsd),
  ].filter((text) => text !== "").join(" · ");
}

function limitText(session: SessionRowData): string {
  const { ttlSeconds, idleSeconds } = ("left" in session ? session.left : undefined) ?? {};
  const first = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Number.isFinite(first) ? `stops in ${remaining(first)}` : "";
}

const tabTitles: Record<SessionTab, string> = {
  log: "Agent's log",
  tasks: "Tasks",
  changes: "Changes",
  terminal: "Terminal",
  manage: "Manage",
};

/** Parts of which everything changes something. */
const changing: ReadonlySet<SessionTab> = new Set(["terminal", "manage"]);

/** One session. */
export function SessionView(
  { route, mayChange }: { route: Extract<PageRoute, { view: "session" }>; mayChange: boolean },
) {
  const { namespace, name, tab } = route;
  const target = { path: { name }, query: { namespace } };
  const details = useAnswer("GET api/sessions/:name", target);
  const listed = useListed(namespace, name);
  const [log, setLog] = useState<AgentLog>(emptyLog);
  const [newest, setNewest] = useState(0);
  // Followed by each tab: it has the state of the task.
  const stream = useEvents("GET api/sessions/:name/log", target, {
    apply: (events) => setLog((before) => logAfter(before, events)),
    reset: () => setLog(emptyLog),
    round: newest,
  });
  const listedTask = listed && taskOf(listed);
  // Also if someone else has started it.
  const isNew = (listedTask?.number ?? 0) > Math.max(newest, log.task?.number ?? 0);
  useEffect(() => {
    if (isNew) setNewest(listedTask?.number ?? 0);
  }, [isNew]);
  useEffect(details.reload, [listed?.status]);
  // The list knows a session before its pod has answered for the rest.
  const session: SessionDetailsData | undefined = details.data === undefined
    ? listed
    : { ...details.data, ...listed };
  const task = log.task ?? listedTask ?? session?.tasks?.at(-1);
  return (
    <>
      <Heading title={plain(name)}>
        {session !== undefined && <Badge state={session.status} />}
        {task !== undefined && <Badge state={task.state} text={`agent ${task.state}`} />}
        <button type="button" onClick={details.reload}>Refresh</button>
      </Heading>
      <Problem error={details.error} retry={details.reload} />
      {session === undefined && details.isLoading && <Loading />}
      {session !== undefined && <SessionFacts session={session} task={task} />}
      {listedTask !== undefined && (
        <Approvals target={target} task={listedTask} mayChange={mayChange} />
      )}
      <nav class="tabs" aria-label={`Parts of ${plain(name)}`}>
        {sessionTabs.filter((one) => mayChange || !changing.has(one)).map((one) => (
          <a
            key={one}
            href={routeHref({ ...route, tab: one })}
            aria-current={one === tab ? "page" : undefined}
          >
            {tabTitles[one]}
          </a>
        ))}
      </nav>
      {tab === "log" && (
        <>
          {mayChange && session !== undefined && (
            <SessionActions
              session={session}
              task={task}
              onDone={details.reload}
              onTask={setNewest}
            />
          )}
          {stream.kind === "failed" && stream.error.error.kind === "notFound"
            ? <p>No agent has worked here yet.</p>
            : <StreamNotice state={stream} />}
          <AgentLogView log={log} />
        </>
      )}
      {tab === "tasks" && <Tasks target={target} newest={task?.number} />}
      {tab === "manage" && mayChange && session !== undefined && <Manage session={session} />}
      {tab === "changes" && <Changes namespace={namespace} name={name} />}
      {tab === "terminal" && mayChange && <SessionTerminal namespace={namespace} name={name} />}
    </>
  );
}

/** Returns the session as the list has it, live. */
function useListed(namespace: string, name: string): SessionRowData | undefined {
  const [state, setState] = useState<SessionsState>({ sessions: undefined });
  useEvents("GET api/sessions", { query: { namespace } }, {
    apply: (events) => setState((before) => events.reduce(sessionsAfter, before)),
    reset: () => setState({ sessions: undefined }),
  });
  return state.sessions?.get(`${namespace}/${name}`);
}

function SessionFacts(
  { session, task }: { session: SessionDetailsData; task: TaskData | undefined },
) {
  const now = useNow();
  const { work } = session;
  return (
    <>
      {session.reason !== undefined && <p class="warning-text">{plain(session.reason)}</p>}
      <Facts
        facts={[
          ["namespace", plain(session.namespace)],
          ["branch", "branch" in session && plain(session.branch ?? "")],
          ["node", "node" in session && plain(session.node ?? "")],
          ["owner", "owner" in session && plain(session.owner ?? "")],
          ["age", "createdAt" in session && ageOf(session.createdAt, now)],
          ["limit", limitText(session)],
          ["sync", "sync" in session && session.sync.enabled && plain(session.sync.status)],
          ["work", work && workText(work)],
          ["agent", task && usageText(task)],
        ].map(([fact, value]) => [fact as string, value === false ? "" : value] as const)}
      />
    </>
  );
}

function workText({ commits, uncommitted }: NonNullable<SessionDetailsData["work"]>): string {
  return `${plural(commits, "commit")}, ${plural(uncommitted, "uncommitted file")}`;
}

/** What can be done: a prompt, an interrupt, a stop. */
function SessionActions(
  { session, task, onDone, onTask }: {
    session: SessionDetailsData;
    task: TaskData | undefined;
    onDone: () => void;
    onTask: (number: number) => void;
  },
) {
  const [text, setText] = useState("");
  const [isNew, setNew] = useState(false);
  const form = useAnswer("GET api/start", {});
  const agents = form.data?.agents ?? [];
  // The agent that works here already, if a prompt can be given to it without a command line.
  const usual = agents.find(({ name }) => name === task?.adapter)?.name;
  const [chosen, setOptions] = useState<FormTexts>({});
  const options = usual === undefined ? chosen : { adapter: usual, ...chosen };
  const [done, setDone] = useState("");
  const doing = useDoing();
  const target = { path: { name: session.name }, query: { namespace: session.namespace } };
  const act = async (action: () => Promise<string>) => {
    let message = "";
    setDone("");
    if (await doing.run(async () => message = await action())) {
      setDone(message);
      onDone();
    }
  };
  const prompt = () =>
    act(async () => {
      const body = { text, conversation: isNew ? "new" : "latest", options };
      const started = await call("POST api/sessions/:name/prompt", { ...target, body });
      setText("");
      onTask(started.number);
      return started.behind.length === 0
        ? `Task ${started.number} has started.`
        : `Task ${started.number} waits for ${plural(started.behind.length, "other task")}.`;
    });
  const interrupt = () =>
    act(async () => {
      const { task } = await call("POST api/sessions/:name/interrupt", target);
      return `Task ${task} was interrupted.`;
    });
  const stop = () =>
    act(async () => {
      await call("POST api/sessions/:name/stop", target);
      return "The session stops.";
    });
  const resume = () =>
    act(async () => {
      await call("POST api/sessions/:name/resume", target);
      return "The session starts.";
    });
  const isRunning = session.status === "Running";
  const asks = (task?.approvals.length ?? 0) > 0;
  const isWorking = task?.state === "working" || task?.state === "queued" || asks;
  return (
    <section class="actions" aria-label="Actions">
      {isRunning && (
        <InputForm class="prompt-form" onSubmit={() => text.trim() !== "" && prompt()}>
          <FormField label={task?.state === "waiting" && !asks ? "Answer the agent" : "Prompt"}>
            {(ids) => (
              <textarea
                {...ids}
                rows={3}
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
              />
            )}
          </FormField>
          {form.data !== undefined && (
            <details>
              <summary>
                {`Options${agents.length > 1 ? `: ${optionsText(options, agents)}` : ""}`}
              </summary>
              <TaskFields form={form.data} texts={options} onTexts={setOptions} />
            </details>
          )}
          <div class="buttons">
            <button type="submit" class="main" disabled={doing.isBusy || text.trim() === ""}>
              Send
            </button>
            <Check label="New conversation" isOn={isNew} onChange={setNew} />
            {isWorking && (
              <button type="button" disabled={doing.isBusy} onClick={interrupt}>
                Interrupt the agent
              </button>
            )}
          </div>
        </InputForm>
      )}
      <div class="buttons">
        {session.status === "Stopped" || session.status === "Failed"
          ? (
            <button type="button" class="main" disabled={doing.isBusy} onClick={resume}>
              Resume
            </button>
          )
          : session.status !== "Unreadable" && (
            <button type="button" disabled={doing.isBusy} onClick={stop}>Stop the session</button>
          )}
        <span role="status">{doing.isBusy ? "Working…" : done}</span>
      </div>
      <Problem error={doing.error} />
    </section>
  );
}

/** `claude, ask, budget 2.50`. */
function optionsText(
  { adapter, permissions, budget }: FormTexts,
  [first]: readonly AgentAbilities[],
): string {
  return [
    adapter ?? first?.name,
    permissions === "ask" ? "asks" : undefined,
    budget === undefined || budget === "" ? undefined : `at most $${budget.replace(/^\$/, "")}`,
  ].filter((text) => text !== undefined).join(", ");
}

function AgentLogView({ log: { entries, omitted, task } }: { log: AgentLog }) {
  return (
    <section class="agent-log" aria-label="Agent's log" tabIndex={0}>
      {task !== undefined && <p class="prompt">{plain(task.prompt)}</p>}
      {omitted > 0 && <p class="soft">{`${omitted} earlier entries aren't shown.`}</p>}
      {entries.map((entry, at) => <Entry key={omitted + at} entry={entry} />)}
    </section>
  );
}

function Entry({ entry }: { entry: LogEntry }) {
  switch (entry.kind) {
    case "text":
      return <p class="said">{entry.text}</p>;
    case "output":
      return <pre class="output">{entry.text}</pre>;
    case "note":
      return <p class={`note ${entry.tone}`}>{entry.text}</p>;
    case "tool":
      return (
        <details class="tool">
          <summary>
            <b>{entry.name}</b> <code>{entry.summary}</code>
            {entry.ok === false && <Badge state="failed" />}
            {entry.ok === undefined && <Badge state="working" />}
          </summary>
          {entry.result !== undefined && <pre class="output">{entry.result}</pre>}
        </details>
      );
  }
}

function Changes({ namespace, name }: { namespace: string; name: string }) {
  const diff = useAnswer("GET api/sessions/:name/diff", { path: { name }, query: { namespace } });
  if (diff.error !== undefined) return <Problem error={diff.error} retry={diff.reload} />;
  if (diff.data === undefined) return <Loading />;
  const { base, untracked, truncated } = diff.data;
  const files = diffFiles(diff.data.diff);
  return (
    <section aria-label="Changes">
      <div class="buttons">
        <p>
          {`${plural(files.length, "file")} changed since `}
          <code>{plain(base.slice(0, 12))}</code>
          {untracked.length > 0 && `, and ${plural(untracked.length, "untracked file")}`}
        </p>
        <button type="button" onClick={diff.reload}>Refresh</button>
      </div>
      {truncated && <p class="warning-text">The diff is cut: it is larger than 1 MiB.</p>}
      {files.map((file, at) => <FileDiff key={at} file={file} isOpen={files.length <= 20} />)}
      {untracked.length > 0 && (
        <details>
          <summary>Untracked files</summary>
          <ul class="names">{untracked.map((path) => <li key={path}>{plain(path)}</li>)}</ul>
        </details>
      )}
    </section>
  );
}

const signs = { added: "+", removed: "-", same: " ", hunk: "", note: "" };

function FileDiff({ file, isOpen }: { file: DiffFile; isOpen: boolean }) {
  const { path, added, removed, lines, notes } = file;
  return (
    <details class="file" open={isOpen}>
      <summary>
        <code>{plain(path)}</code> <span class="added">+{added}</span>{" "}
        <span class="removed">-{removed}</span>
      </summary>
      {notes.map((note) => <p key={note} class="soft">{plain(note)}</p>)}
      {lines.length > 0 && (
        <Scroll label={`Changes of ${plain(path)}`}>
          <pre class="diff">
            {lines.map(({ kind, text }, at) =>
              <span key={at} class={kind}>{`${signs[kind]}${plain(text)}\n`}</span>
            )}
          </pre>
        </Scroll>
      )}
    </details>
  );
}
