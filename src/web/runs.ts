/** Runs of this server: started, followed by any number of pages, answered, cancelled. They end with the server. */
import type { ChangeQuestion, Confirm, ExecEvent } from "../actions/exec/events.ts";
import { exec, runOf } from "../actions/exec/options.ts";
import { exec as runCommand } from "../actions/exec/exec.ts";
import type { Host } from "../actions/host.ts";
import { findAnyRun, type FoundRun, listRuns } from "../actions/runs/past_runs.ts";
import { rerun } from "../actions/runs/rerun.ts";
import { rerunSteps, runSteps, type StepsEvent } from "../actions/workflow/run_steps.ts";
import { onAbort } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { commandLine } from "../base/shell_quote.ts";
import { inputOf } from "../operation/operation.ts";
import { toJson } from "../present/json.ts";
import { runData, workflowRunData } from "../present/past_runs.ts";
import { type RunEventData, RunReporter } from "../present/run_reporter.ts";
import { changeText } from "../toolbox/change_text.ts";
import type {
  LiveRun,
  RecordedRun,
  RunAnswer,
  RunDetails,
  RunList,
  RunQuestion,
  StartRun,
  WebQuestion,
  WebRunEvent,
} from "./api.ts";
import type { Asking } from "./confirmations.ts";
import { errorData } from "./errors.ts";
import { EventLog, type LoggedEvent } from "./event_stream.ts";
import { chosenPods, textsOfParams } from "./requests.ts";

/** Runs at the same time. */
const maxRunning = 16;

/** Runs that are listed after their end; the oldest is forgotten, and its record stays. */
const maxEnded = 50;

/** The signals and questions that a run is given. */
interface RunExtras {
  signal: AbortSignal;
  finallySignal: AbortSignal;
  confirm: Confirm;
  ask: (
    question: Omit<Extract<RunQuestion["question"], { kind: "ask" }>, "kind" | "choices"> & {
      choices: readonly string[];
    },
    signal: AbortSignal,
  ) => Promise<string | undefined>;
}

/** Starts the events of a run. */
type Start = (extras: RunExtras) => AsyncGenerator<ExecEvent | StepsEvent, void>;

/** Returns a change as a question. */
export function changeQuestion(change: ChangeQuestion): WebQuestion {
  const json = toJson(change) as Extract<WebQuestion, { kind: "change" }>["change"];
  return { kind: "change", text: changeText(change), change: json };
}

/** The runs of a server. */
export class Runs {
  readonly #runs = new Map<string, Run>();

  constructor(private readonly host: Host) {}

  /**
   * Starts a run; resolves when it has started.
   *
   * @throws UnconfirmedQuestion if it has to be confirmed; whatever `exec` and `runSteps` throw before their start.
   */
  async start(request: StartRun, asking: Asking, signal: AbortSignal): Promise<string> {
    const { host } = this;
    if (request.kind === "workflow") {
      const { workflow, params = {}, selection } = request;
      const overrides = selection === undefined
        ? {}
        : await chosenPods(selection, { allPhases: false });
      return await this.#add(
        { kind: "workflow", title: workflow, asking, signal },
        (extras) =>
          runSteps(host, {
            ...extras,
            workflow,
            params: textsOfParams(params),
            overrides,
            yes: false,
            trustNow: false,
          }),
      );
    }
    const run = runOf(await inputOf(exec, "page", request.input));
    const title = run.shell ? run.command.join(" ") : commandLine(run.command);
    return await this.#add(
      { kind: "exec", title, asking, signal },
      ({ signal, confirm }) => runCommand(host, { ...run, outputMode: "prefix", signal, confirm }),
    );
  }

  /** Repeats a run of this server, or a recorded one. Throws as {@link start}. */
  async rerun(
    id: string,
    { failed }: { failed: boolean },
    { asking, signal }: { asking: Asking; signal: AbortSignal },
  ): Promise<string> {
    const { host } = this;
    const live = this.#runs.get(id);
    if (live !== undefined && live.record === undefined) {
      throw new KodamaError("conflict", "the run has no record yet to repeat");
    }
    const found = await findAnyRun(host, live?.record ?? id);
    if (found.kind === "workflow") {
      const { run } = found;
      const about = { kind: "workflow", title: run.header.workflow, asking, signal } as const;
      return await this.#add(about, (extras) =>
        rerunSteps(host, run, {
          ...extras,
          resume: { kind: failed ? "failed" : "all" },
          params: new Map(),
          yes: false,
          trustNow: false,
        }));
    }
    const { header } = found.run;
    const title = header.shell ? header.command.join(" ") : commandLine(header.command);
    return await this.#add(
      { kind: "exec", title, asking, signal },
      ({ signal, confirm }) =>
        rerun(host, {
          run: header.id,
          failed,
          recreated: false,
          outputMode: "prefix",
          signal,
          confirm,
        }),
    );
  }

  /** Returns the newest runs. */
  async list(limit: number): Promise<RunList> {
    const live = [...this.#runs.values()].map((run) => run.data()).toReversed();
    const { runs, total } = await listRuns(this.host, limit);
    const known = new Set(live.map(({ record }) => record));
    return {
      live,
      recorded: runs.filter(({ id }) => !known.has(id)).map((one) =>
        one.kind === "unreadable"
          ? { kind: one.kind, id: one.id, reason: one.error.message }
          : recordedRun(one, false)
      ),
      total,
    };
  }

  /** @throws KodamaError `notFound`. */
  async details(id: string): Promise<RunDetails> {
    const live = this.#runs.get(id);
    const record = live === undefined ? id : live.record;
    const recorded = record === undefined || live?.isRunning === true
      ? undefined
      : recordedRun(await findAnyRun(this.host, record), true);
    return {
      ...(live === undefined ? {} : { live: live.data() }),
      ...(recorded === undefined ? {} : { recorded }),
    };
  }

  /** Yields the events of a run of this server. @throws KodamaError `notFound`. */
  events(id: string, after: number, signal: AbortSignal): AsyncGenerator<LoggedEvent, void> {
    return this.#run(id).log.read(after, signal);
  }

  /** @throws KodamaError `notFound`, `conflict` if it has ended. */
  cancel(id: string): void {
    this.#run(id).cancel();
  }

  /** @throws KodamaError `notFound` if the run doesn't wait for this answer. */
  answer(id: string, { question, answer }: RunAnswer): void {
    this.#run(id).answer(question, answer ?? undefined);
  }

  /** Cancels all runs, and waits for their ends. */
  async end(): Promise<void> {
    const running = [...this.#runs.values()].filter(({ isRunning }) => isRunning);
    for (const run of running) run.cancel();
    await Promise.all(running.map(({ ended }) => ended));
  }

  #run(id: string): Run {
    const run = this.#runs.get(id);
    if (run !== undefined) return run;
    throw new KodamaError("notFound", "this server has no such run");
  }

  async #add(about: RunAbout, start: Start): Promise<string> {
    const all = [...this.#runs.values()];
    if (all.filter(({ isRunning }) => isRunning).length >= maxRunning) {
      throw new KodamaError("conflict", `${maxRunning} runs are active`);
    }
    const ended = all.filter(({ isRunning }) => !isRunning);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - maxEnded + 1))) {
      this.#runs.delete(id);
    }
    const run = new Run(this.host, about);
    this.#runs.set(run.id, run);
    try {
      await run.start(start);
    } catch (error) {
      this.#runs.delete(run.id);
      throw error;
    }
    return run.id;
  }
}

/** What is known of a run before its start. */
interface RunAbout {
  kind: LiveRun["kind"];
  title: string;
  /** Asks until it has started. */
  asking: Asking;
  /** The signal of the request: it cancels the run until that has started. */
  signal: AbortSignal;
}

/** What follows the questions of a start; notes about pods come before them. */
const startEvents: ReadonlySet<string> = new Set<RunEventData["event"]>([
  ...["runStarted", "runWaits", "changedSince"] as const,
]);

/** One run. */
class Run {
  readonly id = `run-${crypto.getRandomValues(new Uint8Array(6)).toHex()}`;
  readonly log = new EventLog();
  /** Resolves when it has ended, however it did. */
  ended: Promise<void> = Promise.resolve();
  record: string | undefined;
  #exitCode: number | undefined;
  #isStarted = false;
  #end: Pick<LiveRun, "exitCode" | "endedAt" | "error"> | undefined;
  readonly #startedAt: string;
  readonly #stop = new AbortController();
  readonly #stopFinally = new AbortController();
  readonly #questions = new Map<
    string,
    { asked: RunQuestion; resolve: (answer: string | undefined) => void }
  >();
  readonly #reporter = new RunReporter();

  constructor(private readonly host: Host, private readonly about: RunAbout) {
    this.#startedAt = host.clock.now().toISOString();
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  data(): LiveRun {
    const { kind, title } = this.about;
    return {
      id: this.id,
      kind,
      title,
      startedAt: this.#startedAt,
      state: this.isRunning ? "running" : "ended",
      ...this.#end,
      ...(this.record === undefined ? {} : { record: this.record }),
      questions: [...this.#questions.values()].map(({ asked }) => asked),
    };
  }

  /** Resolves when it has started. Throws what it throws before. */
  async start(start: Start): Promise<void> {
    using _gone = onAbort(this.about.signal, () => {
      if (!this.#isStarted) this.#stop.abort();
    });
    const started = Promise.withResolvers<void>();
    const events = start({
      signal: this.#stop.signal,
      finallySignal: this.#stopFinally.signal,
      confirm: {
        ask: async (change) => {
          const question = changeQuestion(change);
          if (!this.#isStarted) return await this.about.asking.ask(question);
          return await this.#ask(question, this.#stop.signal) === "yes";
        },
      },
      ask: async ({ choices, ...question }, signal) =>
        this.#isStarted
          ? await this.#ask({ kind: "ask", ...question, choices: [...choices] }, signal)
          : undefined,
    });
    this.ended = this.#follow(events, started);
    await started.promise;
  }

  cancel(): void {
    if (!this.isRunning) throw new KodamaError("conflict", "the run has ended");
    if (this.#stop.signal.aborted) this.#stopFinally.abort();
    this.#stop.abort();
  }

  answer(id: string, answer: string | undefined): void {
    const question = this.#questions.get(id);
    if (question === undefined) {
      throw new KodamaError("notFound", "the run doesn't wait for this answer");
    }
    this.#questions.delete(id);
    this.#reportSelf();
    question.resolve(answer);
  }

  async #follow(
    events: AsyncGenerator<ExecEvent | StepsEvent, void>,
    started: PromiseWithResolvers<void>,
  ): Promise<void> {
    let error: LiveRun["error"];
    try {
      for await (const event of events) {
        for (const one of this.#reporter.report(event)) {
          if (!this.#isStarted && startEvents.has(one.event)) {
            this.#isStarted = true;
            this.#reportSelf();
            started.resolve();
          }
          this.#report(one);
        }
      }
      // A person's refusal ends a command before its first event.
      if (!this.#isStarted) started.reject(new KodamaError("declined", "nothing was run"));
    } catch (thrown) {
      error = errorData(thrown, this.host);
      started.reject(thrown);
    }
    for (const { resolve } of this.#questions.values()) resolve(undefined);
    this.#questions.clear();
    this.#end = {
      endedAt: this.host.clock.now().toISOString(),
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
      ...(error === undefined ? {} : { error }),
    };
    this.#reportSelf();
    this.log.end();
  }

  async #ask(question: RunQuestion["question"], signal: AbortSignal): Promise<string | undefined> {
    const id = `question-${this.#questions.size + 1}-${crypto.randomUUID().slice(0, 8)}`;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#questions.set(id, { asked: { id, question }, resolve });
    this.#reportSelf();
    using _stopped = onAbort(signal, () => resolve(undefined));
    return await promise.finally(() => this.#questions.delete(id));
  }

  #report(event: RunEventData): void {
    if (event.event === "recorded") this.record = event.run;
    if (event.event === "runEnded") this.#exitCode = event.exitCode;
    this.#push({ kind: "event", event }, event.event === "line");
  }

  #reportSelf(): void {
    this.#push({ kind: "run", run: this.data() }, false);
  }

  #push(event: WebRunEvent, isLine: boolean): void {
    this.log.push(JSON.stringify(event), { isLine });
  }
}

function recordedRun(found: FoundRun, withOutputs: boolean): RecordedRun {
  return found.kind === "run"
    ? { kind: "exec", run: runData(found.run, { withOutputs }) }
    : { kind: "workflow", run: workflowRunData(found.run, { withOutputs }) };
}
