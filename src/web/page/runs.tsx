/** Runs: the list, a new command, and one run with the outcome of each pod. */
import { useEffect, useRef, useState } from "preact/hooks";
import { runFields } from "../../exec/exec.ts";
import { offered } from "../../operation/field.ts";
import { formSchema } from "../../operation/form.ts";
import type { LiveRun, RecordedRun, RunQuestion } from "../api.ts";
import { call } from "./client.ts";
import { useAnswer, useDoing, useEvents, useNow, useRedraw } from "./hooks.ts";
import {
  Badge,
  Check,
  Facts,
  Heading,
  InputForm,
  Loading,
  ModalDialog,
  Outcomes,
  OutputLines,
  Problem,
  QuestionText,
  StreamNotice,
  TextField,
} from "./parts.tsx";
import { formValues, paramFields } from "./param_form.ts";
import { ParamInput } from "./param_input.tsx";
import { commandInput } from "./command_of.ts";
import { SelectionForm } from "./pods.tsx";
import { routeHref } from "./route.ts";
import { type AnswerGroup, foldAnswers, type FoldedAnswers } from "../../runs/fold_answers.ts";
import {
  hasFailed,
  outcomeCounts,
  type PodProgress,
  RunState,
  type RunStep,
  sortedPods,
} from "../../runs/run_state.ts";
import { selectionFields, selectionOfFields } from "./selection.ts";
import { ageOf, clockTime, commandLine, formatDuration, plain, plural } from "./text.ts";

/** The newest runs. */
export function RunListView({ mayChange }: { mayChange: boolean }) {
  const answer = useAnswer("GET api/runs", { query: { limit: 100 } });
  const now = useNow();
  const runs = answer.data;
  return (
    <>
      <Heading title="Runs">
        {mayChange && (
          <a
            class="button main"
            href={routeHref({ view: "newRun", query: new URLSearchParams() })}
          >
            Run a command
          </a>
        )}
        <button type="button" onClick={answer.reload}>Refresh</button>
      </Heading>
      <Problem error={answer.error} retry={answer.reload} />
      {answer.isLoading && <Loading />}
      {runs !== undefined && runs.live.length + runs.recorded.length === 0 && <p>None yet.</p>}
      <ul class="rows">
        {runs?.live.map((run) => (
          <li key={run.id}>
            <Badge state={run.state === "running" ? "working" : resultOf(run.exitCode)} />
            <a href={routeHref({ view: "run", id: run.id })}>{plain(run.title)}</a>
            {run.questions.length > 0 && <Badge state="waiting" text="waits for an answer" />}
            <span class="soft">{`${ageOf(run.startedAt, now)} ago`}</span>
          </li>
        ))}
        {runs?.recorded.map((run) => <RecordedRow key={idOf(run)} run={run} now={now} />)}
      </ul>
      {runs !== undefined && runs.total > runs.recorded.length + runs.live.length && (
        <p class="soft">{`${runs.total} are recorded; these are the newest.`}</p>
      )}
    </>
  );
}

function RecordedRow({ run, now }: { run: RecordedRun; now: number }) {
  if (run.kind === "unreadable") {
    return <li class="warning-text">{plain(`${run.id}: ${run.reason}`)}</li>;
  }
  const { id, at, exitCode, durationMs } = run.run;
  const state = new RunState({ linesOfPod: 0 });
  state.record(run.run);
  const facts = [
    outcomeCounts(state.pods).map(([outcome, count]) => `${count} ${outcome}`).join(", "),
    durationMs === null ? "" : formatDuration(durationMs),
    `${ageOf(at, now)} ago`,
  ];
  return (
    <li>
      <Badge state={resultOf(exitCode ?? undefined)} />
      <a href={routeHref({ view: "run", id })}>{recordedTitle(run)}</a>
      <span class="soft">{facts.filter((text) => text !== "").join(" · ")}</span>
    </li>
  );
}

function idOf(run: RecordedRun): string {
  return run.kind === "unreadable" ? run.id : run.run.id;
}

function resultOf(exitCode: number | undefined): string {
  if (exitCode === undefined) return "not ended";
  return exitCode === 0 ? "ok" : exitCode === 130 ? "cancelled" : "failed";
}

function recordedTitle(run: RecordedRun): string {
  if (run.kind === "unreadable") return run.id;
  if (run.kind === "workflow") return plain(run.run.workflow);
  const { command, shell } = run.run;
  return plain(shell ? command.join(" ") : commandLine(command));
}

// The line decides whether it is for a shell.
const { shell: _shell, ...ownFields } = offered(runFields, "page");
const form = formSchema(ownFields);

/** A command for many pods. */
export function NewRun({ query }: { query: URLSearchParams }) {
  const [command, setCommand] = useState(query.get("command") ?? "");
  const [fields, setFields] = useState(() => selectionFields(query));
  const [isAll, setAll] = useState(false);
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState<Record<string, string>>({});
  const doing = useDoing();
  const mayStart = command.trim() !== "";
  const start = () => {
    const result = formValues(form, texts);
    setProblems(result.kind === "wrong" ? result.problems : {});
    if (result.kind === "wrong") return;
    // A switch that is off is one that isn't given: the settings decide.
    const given = Object.entries(result.values).filter(([, value]) => value !== false);
    return doing.run(async () => {
      const { id } = await call("POST api/runs", {
        body: {
          kind: "exec",
          input: {
            ...{ ...commandInput(command), ...selectionOfFields(fields), all: isAll },
            ...Object.fromEntries(given),
          },
        },
      });
      location.hash = routeHref({ view: "run", id });
    });
  };
  return (
    <>
      <Heading title="Run a command" />
      <InputForm onSubmit={() => mayStart && start()} aria-label="Command">
        <TextField
          label="Command"
          help="Lines for sh, or a program and its arguments. Shift+Enter begins another line."
          value={command}
          onText={setCommand}
          keepsLines
          class="mono"
          placeholder="uptime"
        />
        <SelectionForm fields={fields} onChange={setFields} />
        <Check
          label="All pods of the namespace, if nothing else chooses"
          isOn={isAll}
          onChange={setAll}
        />
        <details>
          <summary>More</summary>
          {paramFields(form).map((field) => (
            <ParamInput
              key={field.name}
              field={field}
              text={texts[field.name] ?? field.initial}
              problem={problems[field.name]}
              onText={(text) => setTexts({ ...texts, [field.name]: text })}
            />
          ))}
        </details>
        <div class="buttons">
          <button type="submit" class="main" disabled={doing.isBusy || !mayStart}>Run</button>
          <span role="status">{doing.isBusy ? "Working…" : ""}</span>
        </div>
        <Problem error={doing.error} />
      </InputForm>
    </>
  );
}

/** One run, live or recorded. */
export function RunDetailsView({ id, mayChange }: { id: string; mayChange: boolean }) {
  const details = useAnswer("GET api/runs/:id", { path: { id } });
  if (details.error !== undefined || details.data === undefined) {
    return (
      <>
        <Heading title="Run" />
        <Problem error={details.error} retry={details.reload} />
        {details.isLoading && <Loading />}
      </>
    );
  }
  const { live, recorded } = details.data;
  if (live !== undefined) return <LiveRunView key={id} first={live} mayChange={mayChange} />;
  if (recorded === undefined) return <Heading title="Run" />;
  return <RecordedRunView key={id} run={recorded} mayChange={mayChange} />;
}

function RecordedRunView({ run, mayChange }: { run: RecordedRun; mayChange: boolean }) {
  const [state] = useState(() => {
    const state = new RunState({ visible: plain });
    if (run.kind !== "unreadable") state.record(run.run);
    return state;
  });
  if (run.kind === "unreadable") {
    return (
      <>
        <Heading title={run.id} />
        <p class="problem" role="alert">{plain(run.reason)}</p>
      </>
    );
  }
  const { id, at, exitCode } = run.run;
  return (
    <>
      <Heading title={recordedTitle(run)}>
        <Badge state={resultOf(exitCode ?? undefined)} />
      </Heading>
      <RunFacts id={id} startedAt={at} state={state} />
      {mayChange && <Rerun id={id} canFailed={hasFailed(state)} />}
      <RunSteps state={state} />
    </>
  );
}

function LiveRunView({ first, mayChange }: { first: LiveRun; mayChange: boolean }) {
  const [run, setRun] = useState(first);
  const state = useRef(new RunState({ visible: plain }));
  const redraw = useRedraw();
  const doing = useDoing();
  const stream = useEvents("GET api/runs/:id/events", { path: { id: first.id } }, {
    apply(events) {
      for (const event of events) {
        if (event.kind === "event") state.current.apply(event.event);
        if (event.kind === "omitted") state.current.note(omittedText(event));
        if (event.kind === "run") setRun(event.run);
      }
      redraw();
    },
    reset() {
      state.current = new RunState({ visible: plain });
    },
  });
  const isOver = run.state === "ended";
  const [question] = run.questions;
  const cancel = () => doing.run(() => call("POST api/runs/:id/cancel", { path: { id: run.id } }));
  return (
    <>
      <Heading title={plain(run.title)}>
        <Badge state={isOver ? resultOf(run.exitCode) : "working"} />
        {!isOver && mayChange && (
          <button type="button" class="danger" onClick={cancel}>Cancel the run</button>
        )}
      </Heading>
      {run.error !== undefined && (
        <div class="problem" role="alert">
          <p>{plain(run.error.message)}</p>
          {run.error.hint !== undefined && <p class="hint">{plain(run.error.hint)}</p>}
        </div>
      )}
      <Problem error={doing.error} />
      <StreamNotice state={stream} />
      <RunFacts id={run.record ?? ""} startedAt={run.startedAt} state={state.current} />
      {isOver && mayChange && <Rerun id={run.id} canFailed={hasFailed(state.current)} />}
      {question !== undefined && mayChange && (
        <RunQuestionDialog key={question.id} run={run.id} question={question} />
      )}
      <RunSteps state={state.current} />
    </>
  );
}

function omittedText({ events }: { events: number }): string {
  return `${events} earlier lines of output are no longer stored.`;
}

function RunFacts(
  { id, startedAt, state: { durationMs, exitCode } }: {
    id: string;
    startedAt: string;
    state: RunState;
  },
) {
  return (
    <Facts
      facts={[
        ["run", plain(id)],
        ["started", clockTime(startedAt, Date.now())],
        ["took", durationMs === undefined ? "" : formatDuration(durationMs)],
        ["exit code", exitCode === undefined ? "" : String(exitCode)],
      ]}
    />
  );
}

function Rerun({ id, canFailed }: { id: string; canFailed: boolean }) {
  const doing = useDoing();
  const rerun = (failed: boolean) =>
    doing.run(async () => {
      const started = await call("POST api/runs/:id/rerun", { path: { id }, body: { failed } });
      location.hash = routeHref({ view: "run", id: started.id });
    });
  return (
    <>
      <div class="buttons">
        {canFailed && (
          <button
            type="button"
            class="main"
            disabled={doing.isBusy}
            onClick={() => rerun(true)}
          >
            Rerun the failed
          </button>
        )}
        <button type="button" disabled={doing.isBusy} onClick={() => rerun(false)}>
          Rerun all
        </button>
      </div>
      <Problem error={doing.error} />
    </>
  );
}

function RunSteps({ state }: { state: RunState }) {
  const steps = [...state.steps.values()];
  return (
    <>
      {state.notes.length > 0 && (
        <details>
          <summary>{plural(state.notes.length, "note")}</summary>
          <ul class="names">{state.notes.map((note, at) => <li key={at}>{note}</li>)}</ul>
        </details>
      )}
      {steps.map((step) => (
        <StepView
          key={step.key}
          step={step}
          isOver={step.outcome !== undefined || state.exitCode !== undefined}
        />
      ))}
    </>
  );
}

/** Pods that are drawn at once; more are shown on request. */
const podsAtOnce = 200;

function StepView({ step, isOver }: { step: RunStep; isOver: boolean }) {
  const { key, title, outcome, reason, durationMs, output } = step;
  const [limit, setLimit] = useState(podsAtOnce);
  const [folded, setFolded] = useState<FoldedAnswers>();
  useEffect(() => {
    let isCurrent = true;
    setFolded(undefined);
    if (isOver) {
      void foldAnswers(step.pods.values()).then((folded) => isCurrent && setFolded(folded));
    }
    return () => {
      isCurrent = false;
    };
  }, [step, isOver]);
  const pods = sortedPods(step.pods.values());
  return (
    <section class="step" aria-label={key === "" ? "Pods" : plain(key)}>
      {key !== "" && (
        <h2>
          {plain(key)} <Badge state={outcome ?? "working"} />{" "}
          <span class="soft">
            {[
              title === key ? "" : title,
              durationMs === undefined ? "" : formatDuration(durationMs),
            ]
              .filter((text) => text !== "").join(" · ")}
          </span>
        </h2>
      )}
      {reason !== undefined && <p class="warning-text">{reason}</p>}
      {output.length > 0 && <OutputLines lines={output} />}
      <Outcomes pods={pods} />
      {folded !== undefined && <Folded folded={folded} />}
      <ul class="pods" aria-label="Each pod">
        {pods.slice(0, limit).map((pod) => (
          <li key={pod.name}>
            <PodResult pod={pod} isOpen={pods.length <= 3} />
          </li>
        ))}
      </ul>
      {pods.length > limit && (
        <button type="button" onClick={() => setLimit(limit * 4)}>
          {`Show more (${pods.length - limit} aren't shown)`}
        </button>
      )}
    </section>
  );
}

/** Groups that are drawn; the pods below have all answers. */
const groupsAtOnce = 20;

/** The answers: what differs from most, then what most say. */
function Folded({ folded: { sentence, differing, groups } }: { folded: FoldedAnswers }) {
  if (sentence === "") return null;
  const odd = groups.slice(0, -1).slice(0, groupsAtOnce);
  return (
    <>
      <p class="sentence">{plain(sentence)}</p>
      {differing > 0 && odd.map((group) => <Answer key={group.names} group={group} isOpen />)}
      {(differing > 0 || groups.length === 1) &&
        groups.slice(-1).map((group) => (
          <Answer key={group.names} group={group} isOpen={group.lines.length <= linesOfMost} />
        ))}
    </>
  );
}

/** Lines of the answer of most pods that are shown at once. */
const linesOfMost = 12;

function Answer({ group, isOpen }: { group: AnswerGroup; isOpen: boolean }) {
  const { names, pods, outcome, end, note, lines } = group;
  return (
    <details class="answer" open={isOpen}>
      <summary>
        <Badge state={outcome} />
        <b>{plain(names)}</b>
        <span class="soft">{plural(pods.length, "pod")}</span>
        {end !== outcome && <span class="warning-text">{plain(end)}</span>}
        {note !== undefined && <span class="soft">{note}</span>}
      </summary>
      {lines.length > 0 && (
        <pre class="output">
          {lines.map(({ kind, text }, at) => <span key={at} class={kind}>{`${text}\n`}</span>)}
        </pre>
      )}
    </details>
  );
}

function PodResult({ pod, isOpen }: { pod: PodProgress; isOpen: boolean }) {
  const { name, phase, outcome, exitCode, signal, reason, durationMs, output, omittedLines } = pod;
  const [open, setOpen] = useState(isOpen);
  const last = output.at(-1)?.text ?? "";
  return (
    <details
      class="pod"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Badge state={outcome ?? (phase === "running" ? "working" : phase)} />
        <b>{plain(name)}</b>
        {exitCode !== undefined && exitCode !== 0 && (
          <span>{`exit code ${exitCode}${signal === undefined ? "" : ` (${signal})`}`}</span>
        )}
        {reason !== undefined && <span class="warning-text">{reason}</span>}
        {!open && <span class="last soft">{last}</span>}
        {durationMs !== undefined && <span class="soft">{formatDuration(durationMs)}</span>}
      </summary>
      {open && (output.length > 0
        ? <OutputLines lines={output} omitted={omittedLines} />
        : <p class="soft">No output.</p>)}
    </details>
  );
}

/** A question of a run, which waits for its answer. */
function RunQuestionDialog({ run, question }: { run: string; question: RunQuestion }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const doing = useDoing();
  const answer = (value: string | null) =>
    doing.run(() =>
      call("POST api/runs/:id/answer", {
        path: { id: run },
        body: { question: question.id, answer: value },
      })
    );
  const asked = question.question;
  if (asked.kind !== "ask") {
    return (
      <ModalDialog title="Make this change?" onClose={() => answer("no")}>
        <QuestionText question={asked} />
        <Problem error={doing.error} />
        <div class="buttons">
          <button type="button" class="danger" onClick={() => answer("yes")}>Continue</button>
          <button type="button" autofocus onClick={() => answer("no")}>Refuse</button>
        </div>
      </ModalDialog>
    );
  }
  const { choices, secret, free, indexed } = asked;
  const valueOf = (at: number) => indexed === undefined ? choices[at] ?? "" : String(at);
  const toggle = (value: string) => {
    const next = new Set(chosen);
    if (!next.delete(value)) next.add(value);
    setChosen(next);
  };
  return (
    <ModalDialog title="The run has a question" onClose={() => answer(null)}>
      <pre class="question">{plain(asked.text)}</pre>
      {indexed === "many" &&
        choices.map((choice, at) => (
          <Check
            key={at}
            label={plain(choice)}
            isOn={chosen.has(String(at))}
            onChange={() => toggle(String(at))}
          />
        ))}
      {free && (
        <InputForm onSubmit={() => answer(text)}>
          <TextField
            label="Answer"
            isSecret={secret}
            keepsLines={!secret}
            value={text}
            onText={setText}
          />
        </InputForm>
      )}
      <Problem error={doing.error} />
      <div class="buttons">
        {indexed === "many"
          ? (
            <button
              type="button"
              class="main"
              onClick={() => answer([...chosen].sort((a, b) => Number(a) - Number(b)).join(","))}
            >
              Answer
            </button>
          )
          : free
          ? <button type="button" class="main" onClick={() => answer(text)}>Answer</button>
          : (choices.length === 0 ? ["yes", "no"] : choices).map((choice, at) => (
            <button
              type="button"
              key={at}
              onClick={() => answer(choices.length === 0 ? choice : valueOf(at))}
            >
              {plain(choice)}
            </button>
          ))}
        <button type="button" onClick={() => answer(null)}>Don't answer</button>
      </div>
    </ModalDialog>
  );
}
