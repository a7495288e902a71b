/** What each face shows of a run, as text: painters and reducers, fed with recorded events. */
import type { ExecEvent } from "../../src/actions/exec/events.ts";
import type { StepsEvent } from "../../src/actions/workflow/run_steps.ts";
import { simulatedHost } from "../../src/actions/testing/simulated_host.ts";
import { recordedData, runLines, workflowRunLines } from "../../src/present/past_runs.ts";
import { RoundsPainter } from "../../src/present/rounds_painter.ts";
import { RunPainter } from "../../src/present/run_painter.ts";
import { type RunEventData, RunReporter } from "../../src/present/run_reporter.ts";
import { StepsPainter } from "../../src/present/steps_painter.ts";
import { lineText } from "../../src/terminal/grid.ts";
import { styleFor } from "../../src/terminal/style.ts";
import type { Painter } from "../../src/terminal/driver/drive.ts";
import type { Piece } from "../../src/terminal/terminal.ts";
import { commandAnswer } from "../../src/toolbox/pod_tools.ts";
import { OutcomesPane } from "../../src/ui/panes/outcomes.ts";
import { defaultTheme } from "../../src/ui/theme.ts";
import { foldedTexts } from "../../src/present/diff_lines.ts";
import { foldSteps } from "../../src/runs/fold_answers.ts";
import { RunState } from "../../src/runs/run_state.ts";
import { linesOfEvent, progressOf, resultOf } from "../../editors/vscode/src/run_events.ts";
import { recordRun, recordWatch, type RunRecording } from "./run_recordings.ts";

const plain = { stdout: styleFor(false), stderr: styleFor(false) };

/** Whether a recording is of a command: its first event is one of `exec`. */
export function isCommand({ name }: Pick<RunRecording, "name">): boolean {
  return name.startsWith("command-");
}

/** Returns the published events of a recording. */
export function publishedEvents({ events }: Pick<RunRecording, "events">): RunEventData[] {
  const reporter = new RunReporter();
  return events.flatMap((event) => reporter.report(event));
}

/** Returns what every face shows, by its name. */
export async function shownByFaces(recording: RunRecording): Promise<Map<string, string>> {
  const { name, events, recorded } = recording;
  const shown = new Map<string, string>();
  if (isCommand(recording)) {
    for (const outputMode of ["prefix", "fold"] as const) {
      shown.set(`command line, ${outputMode}`, commandText(await inMode(name, outputMode), "text"));
    }
    shown.set("command line, -o json", commandText(await inMode(name, "report"), "json"));
    const sections = await commandAnswer(each(await inMode(name, "fold")));
    shown.set("tool", sections.flatMap(({ lines }) => lines).join("\n"));
  } else {
    for (const format of ["text", "json"] as const) {
      const painter = stepsPainter(format);
      const text = textOf((events as StepsEvent[]).flatMap((event) => painter.paint(event)));
      if (format === "text") shown.set("command line and tool", text);
      else shown.set("command line, -o json", JSON.stringify(JSON.parse(text)));
    }
  }
  shown.set("terminal UI", paneText(recording));
  shown.set("page", stateText(pageState(recording)));
  shown.set("VS Code", editorText(recording));
  shown.set("folded, in all of them", await foldedText(pageState(recording)));
  if (recorded === undefined) return shown;
  const lines = recorded.kind === "run" ? runLines(recorded.run) : workflowRunLines(recorded.run);
  shown.set("runs show", lines.join("\n"));
  const state = new RunState();
  state.record(recordedData(recorded));
  shown.set("page, recorded", stateText(state));
  shown.set("folded, recorded", await foldedText(state));
  return shown;
}

/** Returns what the command line shows of a watch. */
export async function shownOfWatch(kind: "command" | "workflow"): Promise<Map<string, string>> {
  const shown = async (format: "text" | "jsonl") => {
    const events = await recordWatch(kind, format === "text" ? "prefix" : "report");
    const rounds = new RoundsPainter<ExecEvent | StepsEvent>({
      run: (kind === "command" ? runPainter(format) : stepsPainter(format)) as Painter<
        ExecEvent | StepsEvent
      >,
      format,
      style: plain.stdout,
    });
    // The time of day is that of the machine's time zone.
    return textOf(events.flatMap((event) => [...rounds.paint(event)])).replace(
      /^\d\d:\d\d:\d\d/gm,
      "TIME    ",
    );
  };
  return new Map([["command line", await shown("text")], [
    "command line, -o jsonl",
    await shown("jsonl"),
  ]]);
}

async function inMode(name: string, outputMode: "prefix" | "group" | "fold" | "report") {
  return (await recordRun(name, { outputMode })).events as ExecEvent[];
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

function commandText(events: readonly ExecEvent[], format: "text" | "json"): string {
  const painter = runPainter(format);
  return textOf(events.flatMap((event) => [...painter.paint(event)]));
}

function runPainter(format: "text" | "json" | "jsonl"): RunPainter {
  return new RunPainter({
    terminal: { stdout: false, stderr: false },
    style: plain,
    quiet: false,
    single: false,
    format,
    rerunLine: (id) => `kodama runs rerun ${id} --failed`,
  });
}

function stepsPainter(format: "text" | "json" | "jsonl"): StepsPainter {
  const rerunLine = (id: string, { kind }: { kind: string }) => `kodama runs rerun ${id} ${kind}`;
  return new StepsPainter({ format, quiet: false, style: plain, rerunLine });
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.flatMap(({ data }) => data).map((one) =>
    typeof one === "string" ? one : new TextDecoder().decode(one)
  ).join("");
}

function paneText(recording: RunRecording): string {
  const toasts: string[] = [];
  const pane = new OutcomesPane({
    pane: 1,
    host: simulatedHost({}).host,
    scope: { namespaces: { kind: "default" } },
    kube: undefined,
    config: {},
    theme: defaultTheme,
    emit: (event) => void (event.kind === "toast" && toasts.push(event.text)),
    ask: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
  }, { title: "run", run: () => new Promise(() => {}), again: () => {} });
  for (const event of recording.events) pane.follow(event);
  const lines = pane.view({ columns: 120, rows: 40 }, { focused: true, nowMs: 0 });
  const text = lines.map((line) => lineText(line).trimEnd()).filter((line) => line !== "");
  return [...text, ...toasts].join("\n");
}

function pageState(recording: RunRecording): RunState {
  const state = new RunState();
  for (const event of publishedEvents(recording)) state.apply(event);
  return state;
}

function stateText({ steps, notes, exitCode, durationMs }: RunState): string {
  return [
    ...notes.map((note) => `note: ${note}`),
    ...[...steps.values()].flatMap((step) => [
      ...["step", step.key, step.title, step.outcome, step.reason].filter(Boolean).join(" | ")
        .split("\0"),
      ...step.output.map(({ text }) => `    ${text}`),
      ...[...step.pods.values()].flatMap((pod) => [
        `  ${
          [pod.name, pod.phase, pod.outcome, pod.exitCode, pod.signal, pod.reason].filter((one) =>
            one !== undefined
          ).join(" | ")
        }`,
        ...pod.output.map(({ text }) => `    ${text}`),
      ]),
    ]),
    `exit code ${exitCode}, ${durationMs} ms`,
  ].join("\n");
}

async function foldedText(state: RunState): Promise<string> {
  return foldedTexts(await foldSteps(state), plain.stdout).join("\n");
}

function editorText(recording: RunRecording): string {
  const lines = publishedEvents(recording).flatMap(linesOfEvent);
  const state = pageState(recording);
  return [...lines, progressOf(state), resultOf(state.pods)].join("\n");
}
