/** Overviews of kodama's own work: past runs, sessions with their agents' tasks, waits, its log. */
import type { ListedRun } from "../../actions/runs/past_runs.ts";
import type { SessionRow } from "../../actions/session/events.ts";
import { delay } from "../../base/abort.ts";
import { definedOnly } from "../../base/json_value.ts";
import { logLine, type LogRecord } from "../../base/log.ts";
import { kindName } from "../../kube/resources.ts";
import { foldedTexts } from "../../present/diff_lines.ts";
import { foldSteps } from "../../runs/fold_answers.ts";
import { RunState } from "../../runs/run_state.ts";
import { span } from "../../terminal/grid.ts";
import { styleFor } from "../../terminal/style.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { cellOf, PolledPane } from "./polled_pane.ts";
import { foldAction } from "./outcomes.ts";
import { objectsOfRows, objectsText } from "./row_objects.ts";
import { tableActions } from "./table_pane.ts";
import { paintInto, TextPane } from "./text_pane.ts";
import { textActions } from "./text_view.ts";

/** Registers the panes; `log` is the program's own. */
export function registerOverviews(registry: PaneRegistry): void {
  registry.register("runs", runsPane, {
    summary: "past runs of commands and workflows, and how they ended",
    offered: true,
    actions: tableActions,
  });
  registry.register("past-run", pastRunPane, {
    summary: "one past run, pod by pod",
    actions: [...textActions, foldAction],
  });
  registry.register("sessions", sessionsPane, {
    summary: "sessions in pods, and what their agents do",
    offered: true,
    actions: [
      ...tableActions,
      { id: "attach", keys: ["s"], does: "open a shell in the session" },
      { id: "join", keys: ["J"], does: "join the shell that people of the session share" },
    ],
  });
  registry.register("agent", agentPane, {
    summary: "what the agent of a session does",
    actions: textActions,
  });
  registry.register("wait", waitPane, {
    summary: "a wait until the marked objects are in a state, and why they aren't",
    actions: textActions,
  });
}

/** The log's records of this run of the program, for its pane. */
export class RecentLog {
  readonly #records: LogRecord[] = [];
  readonly #listeners = new Set<(record: LogRecord) => void>();

  /** Adds a record; the oldest are dropped. */
  add(record: LogRecord): void {
    this.#records.push(record);
    if (this.#records.length > 5000) this.#records.splice(0, 500);
    for (const listener of this.#listeners) listener(record);
  }

  /** Yields all records so far and to come, until the signal aborts. */
  follow(listener: (record: LogRecord) => void, signal: AbortSignal): void {
    for (const record of this.#records) listener(record);
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }
}

/** Registers the pane of the program's own log. */
export function registerAppLogs(registry: PaneRegistry, log: RecentLog): void {
  const create = (context: PaneContext) =>
    new TextPane(context, {
      title: "app-logs",
      follow: true,
      fileName: "kodama.log",
      fill: (view, signal) => {
        log.follow((record) => view.append([logLine(record, "text")]), signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    });
  registry.register("app-logs", create, {
    summary: "the program's own log",
    offered: true,
    actions: textActions,
  });
}

/** The number of newest runs that are shown. */
const shownRuns = 100;

function runsPane(context: PaneContext): Pane {
  const { host, emit } = context;
  return new PolledPane<ListedRun>(context, {
    title: "runs",
    columns: [
      { title: "RUN", importance: 2 },
      { title: "AGE" },
      { title: "CONTEXT" },
      { title: "NAMESPACE" },
      { title: "COMMAND", importance: 4 },
      { title: "PODS" },
      { title: "RESULT", importance: 3 },
    ],
    everyMs: 5000,
    empty: "no runs yet: x on marked pods runs a command",
    read: async () => {
      const [{ listRuns }, { runCells }] = await Promise.all([
        import("../../actions/runs/past_runs.ts"),
        import("../../present/past_runs.ts"),
      ]);
      const { runs } = await listRuns(host, shownRuns);
      return runs.map((one) => {
        const cells = runCells(one, host.clock.now());
        const result = cells.at(-1) ?? "";
        const tone = /fail|unknown|unreach|timeout|cancel/.test(result) ? "bad" : "good";
        return { id: one.id, value: one, cells: [...cells.slice(0, -1), cellOf(result, tone)] };
      });
    },
    select: ({ id }) => emit({ kind: "open", key: "past-run", config: { run: id } }),
  });
}

function pastRunPane(context: PaneContext): Pane {
  const { host, config } = context;
  const run = String(config["run"] ?? "");
  let [shown, hidden] = ["", ""];
  return new TextPane(context, {
    title: `run ${run}`,
    follow: false,
    fileName: `run-${run}.txt`,
    fill: async (view) => {
      const [{ findAnyRun }, { recordedData, runLines, workflowRunLines }] = await Promise.all([
        import("../../actions/runs/past_runs.ts"),
        import("../../present/past_runs.ts"),
      ]);
      const found = await findAnyRun(host, run);
      const lines = found.kind === "run" ? runLines(found.run) : workflowRunLines(found.run);
      const state = new RunState();
      state.record(recordedData(found));
      const folded = foldedTexts(await foldSteps(state), styleFor(true));
      [shown, hidden] = [lines, folded].map((all) => all.map((line) => `${line}\n`).join("")) as [
        string,
        string,
      ];
      view.replace(shown);
    },
    act: (action, { text }) => {
      if (action !== "fold") return;
      [shown, hidden] = [hidden, shown];
      text.replace(shown);
    },
  });
}

function sessionsPane(context: PaneContext): Pane {
  const { host, emit, scope } = context;
  const { namespaces } = scope;
  const named = namespaces.kind === "named" ? namespaces.names[0] : undefined;
  return new PolledPane<SessionRow>(context, {
    title: "sessions",
    columns: [
      { title: "NAME", importance: 5 },
      { title: "STATUS", importance: 4 },
      { title: "NAMESPACE" },
      { title: "SYNC" },
      { title: "AGE" },
      { title: "AGENT", importance: 3 },
    ],
    everyMs: 5000,
    empty: "no sessions in this namespace",
    read: async (signal) => {
      const [{ list }, { sessionCells }] = await Promise.all([
        import("../../actions/session/list.ts"),
        import("../../present/session_text.ts"),
      ]);
      const options = {
        allNamespaces: namespaces.kind === "all",
        ...definedOnly({ context: scope.context, namespace: named }),
        tasks: true,
      };
      const { rows } = await list(host, options, signal);
      const now = host.clock.now();
      return rows.map((row) => {
        const { name, namespace } = row.kind === "session" ? row.session : row;
        return { id: `${namespace}/${name}`, value: row, cells: sessionCells(row, now) };
      });
    },
    select: (row) => {
      if (row.kind === "unreadable") return;
      const { name, namespace } = row.session;
      emit({ kind: "open", key: "agent", config: { session: name, namespace } });
    },
    act: (action, [row]) => {
      if (row?.kind !== "session") return;
      const { name, namespace } = row.session;
      const shared = action === "join" ? { shared: true } : {};
      emit({ kind: "open", key: "attach", config: { session: name, namespace, ...shared } });
    },
    refusal: (action, [row]) => {
      if (action !== "attach" && action !== "join") return undefined;
      if (row === undefined) return "no row is selected";
      return row.kind === "session" && row.live.status === "Running"
        ? undefined
        : "it isn't running";
    },
  });
}

/** An agent's task is read this often while it works. */
const progressMs = 3000;

function agentPane(context: PaneContext): Pane {
  const { host, config, scope } = context;
  const session = String(config["session"] ?? "");
  const namespace = String(config["namespace"] ?? "");
  return new TextPane(context, {
    title: `agent of ${session}`,
    follow: true,
    wrap: true,
    fileName: `${session}.txt`,
    fill: async (view, signal, show) => {
      const [{ followTask }, { currentTask }, { eventLines, lostLine }, { progressText }, list] =
        await Promise.all([
          import("../../actions/agent/follow.ts"),
          import("../../actions/agent/tasks.ts"),
          import("../../present/agent_events.ts"),
          import("../../present/agent_tasks.ts"),
          import("../../actions/session/list.ts"),
        ]);
      const client = await host.kube(scope.context);
      const target = list.sessionTarget(client.context, { name: session, namespace });
      const style = styleFor(true);
      const ended = new AbortController();
      const until = AbortSignal.any([signal, ended.signal]);
      const showing = (async () => {
        while (!until.aborted) {
          // Without an answer, the events below have the reason.
          const task = await currentTask(host, target, until).catch(() => undefined);
          if (task !== undefined && !until.aborted) show([span(progressText(task))]);
          await delay(host.clock, progressMs, until).catch(() => {});
        }
      })();
      try {
        for await (const event of followTask(host, target, { signal })) {
          view.append(event.kind === "lost" ? [lostLine(event.reason)] : eventLines(event, style));
          if (event.kind === "end") show([span(progressText(event.task))]);
        }
      } finally {
        ended.abort();
        await showing;
      }
    },
  });
}

function waitPane(context: PaneContext): Pane {
  const { host, config, ask, emit } = context;
  const objects = objectsOfRows(config);
  const [first] = objects;
  return new TextPane(context, {
    title: `wait for ${objectsText(objects)}`,
    follow: true,
    wrap: true,
    fileName: "wait.txt",
    running: `a wait for ${objectsText(objects)}`,
    fill: async (view, signal) => {
      const label = "until: ready, delete, condition=TYPE or jsonpath=PATH=VALUE:";
      const typed = await ask({ kind: "line", label, text: "ready" });
      if (typed === undefined || first === undefined) return emit({ kind: "close" });
      const [{ wait, parseCondition }, { WaitPainter }] = await Promise.all([
        import("../../actions/wait/wait.ts"),
        import("../../present/wait_painter.ts"),
      ]);
      const painter = new WaitPainter({ format: "text", quiet: false, isLive: false });
      const events = wait(host, {
        context: first.context,
        allNamespaces: false,
        targets: objects.map(({ resource, name, namespace }) => ({
          kind: kindName(resource),
          name,
          ...definedOnly({ namespace }),
        })),
        conditions: [parseCondition(typed.trim())],
        need: { kind: "all" },
        failOn: [],
        readsLogs: true,
        signal,
      });
      await paintInto(view, events, {
        signal,
        paint: (event) => {
          if (event.kind === "ended") {
            const tone = event.end === "met" ? "good" : "bad";
            emit({ kind: "toast", text: `${objectsText(objects)}: ${event.end}`, tone });
          }
          return painter.paint(event);
        },
      });
    },
  });
}
