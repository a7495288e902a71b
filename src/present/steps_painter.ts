/**
 * Workflows as text. Their events: output of commands on standard output, messages of steps on standard error; the
 * status line; and the plan of a run.
 */
import { jsonDocument, jsonLine } from "./json.ts";
import type {
  Again,
  PlannedStep,
  StepsEvent,
  WorkflowPlan,
} from "../actions/workflow/run_steps.ts";
import { definedOnly } from "../base/json_value.ts";
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { printable } from "../terminal/printable.ts";
import type { Painter, Progress } from "../terminal/driver/drive.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { notRecordedText, skippedPodText } from "../runs/notes.ts";
import { RunReporter } from "./run_reporter.ts";
import { stepText } from "./summary.ts";

/** Display options. */
export interface StepsView {
  format: "text" | "json" | "jsonl";
  quiet: boolean;
  style: { stdout: Style; stderr: Style };
  /** Returns the command line that resumes a run, or repeats it. */
  rerunLine: (id: string, again: Again) => string;
}

/** Formats the events of one run. */
export class StepsPainter implements Painter<StepsEvent> {
  readonly #ended: Record<string, unknown>[] = [];
  readonly #targets = new Map<string, Map<string, string>>();
  /** Most steps have the same pods: a message about a pod is printed once. */
  readonly #skippedNoted = new Set<string>();
  readonly #reporter = new RunReporter();
  #record: string | undefined;

  constructor(private readonly view: StepsView) {}

  /** Returns what to write for an event. */
  paint(event: StepsEvent): Piece[] {
    if (event.event === "recorded") this.#record = event.run;
    // An unreachable context isn't counted as a pod.
    if (event.event === "targetEnded" && event.record.target.pod !== "*") {
      this.#count(event);
    }
    switch (this.view.format) {
      case "text":
        return this.#text(event);
      case "jsonl":
        return this.#reporter.report(event).map((one) => out(jsonLine(one)));
      case "json":
        return this.#json(event);
    }
  }

  #count({ step, name, outcome }: Extract<StepsEvent, { event: "targetEnded" }>): void {
    const ends = this.#targets.get(step) ?? new Map<string, string>();
    // A later attempt replaces an earlier one.
    this.#targets.set(step, ends.set(name, outcome));
  }

  #text(event: StepsEvent): Piece[] {
    const { quiet, style: { stdout, stderr } } = this.view;
    const note = (text: string): Piece[] => quiet ? [] : [err(`${text}\n`)];
    switch (event.event) {
      case "changedSince":
        return changeLines(event).flatMap((line) => note(printable(line)));
      case "runWaits":
        return note(`waiting for run ${event.holder} of "${printable(event.group)}"`);
      case "stepStarted":
        return note(`${stderr.bold(event.step)}  ${printable(oneLine(event.title))}`);
      case "podSkipped": {
        const line = printable(skippedPodText(event));
        const key = `${event.namespace}/${line}`;
        if (this.#skippedNoted.has(key)) return [];
        this.#skippedNoted.add(key);
        return note(line);
      }
      case "line": {
        const line = printable(event.text);
        const prefix = event.name === "" ? "" : `${stdout.dim(`${printable(event.name)}:`)} `;
        return [{ stream: event.stream, data: [`${prefix}${line}\n`] }];
      }
      case "batchStarted": {
        const { step, index, count, names } = event;
        const pods = printable(plannedPodsText(names));
        return note(`${stderr.bold(step)}  batch ${index + 1} of ${count}: ${pods}`);
      }
      case "stepRetried": {
        const wait = formatDuration(event.delayMs);
        return note(
          `${event.step}  ${printable(event.reason)}; attempt ${event.attempt} in ${wait}`,
        );
      }
      case "stepKept":
        return note(stderr.dim(`${event.step}  ${event.outcome} in the previous run`));
      case "stepEnded":
        return this.#end(event);
      case "finallyStarted":
        return note(stderr.dim("finally"));
      case "notRecorded":
        return [err(`${printable(notRecordedText(event.record))}\n`)];
      case "runEnded":
        return [...this.#outputs(event.outputs), ...this.#whole(event)];
      default:
        return [];
    }
  }

  #end(event: Extract<StepsEvent, { event: "stepEnded" }>): Piece[] {
    const { quiet, style: { stderr } } = this.view;
    const { step, outcome, error, tolerated, durationMs } = event;
    if (outcome === "ok" || outcome === "skipped") {
      if (quiet) return [];
      const targets = this.#targets.get(step);
      const pods = targets === undefined ? "" : podsText(targets);
      const text = outcome === "ok"
        ? `${stderr.green("ok")}${pods}, ${formatDuration(durationMs)}`
        : stderr.dim(`skipped: ${printable(oneLine(error ?? ""))}`);
      return [err(`${stderr.bold(step)}  ${text}\n`)];
    }
    const continues = tolerated ? "; the workflow continues" : "";
    const colour = outcome === "rescued" ? stderr.yellow : stderr.red;
    return [err(`${stderr.bold(step)}  ${colour(stepText(event))}${continues}\n`)];
  }

  #outputs(outputs: unknown): Piece[] {
    return Object.entries(outputs as Record<string, unknown>).map(([name, value]) =>
      out(`${name}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}\n`)
    );
  }

  #whole(event: Extract<StepsEvent, { event: "runEnded" }>): Piece[] {
    const { quiet, style: { stderr }, rerunLine } = this.view;
    const { outcome, durationMs, again: from } = event;
    if (outcome === "ok" || outcome === null || from === null) {
      return quiet ? [] : [err(`${stderr.green("ok")} in ${formatDuration(durationMs)}\n`)];
    }
    const way = from.kind === "all" ? "to repeat it" : "to resume";
    const again = this.#record === undefined ? "" : `\n${way}: ${rerunLine(this.#record, from)}`;
    const why = stepText(event).slice(outcome.length);
    const colour = outcome === "rescued" ? stderr.yellow : stderr.red;
    const how = `${colour(outcome)} in ${formatDuration(durationMs)}${why}`;
    return [err(`${how}${again}\n`)];
  }

  #json(event: StepsEvent): Piece[] {
    if (event.event === "stepEnded" || event.event === "stepKept") {
      const { step, outcome, error, output } = event;
      this.#ended.push({ step, outcome, ...definedOnly({ reason: error ?? undefined }), output });
    }
    if (event.event !== "runEnded") return [];
    const { outcome, error: reason, outputs, exitCode, durationMs } = event;
    const document = {
      run: this.#record ?? null,
      outcome,
      reason,
      exitCode,
      durationMs,
      outputs,
      steps: this.#ended,
    };
    return [out(jsonDocument(document))];
  }
}

/** More pods than this are counted. */
const mostNamed = 3;

/** Returns in how many pods a step was ok, and which were allowed to fail. */
function podsText(ends: ReadonlyMap<string, string>): string {
  const bad = [...ends].filter(([, kind]) => kind !== "ok").map(([name, kind]) =>
    `${name}: ${kind}`
  );
  const more = bad.length > mostNamed ? ` and ${bad.length - mostNamed} more` : "";
  const named = bad.length === 0
    ? ""
    : ` (${printable(bad.slice(0, mostNamed).join(", "))}${more})`;
  return ` in ${ends.size - bad.length} of ${ends.size} pods${named}`;
}

/** Returns the differences from the previous run, a line each. */
function changeLines(
  { run, files, params, steps, undoing }: Extract<StepsEvent, { event: "changedSince" }>,
): string[] {
  const facts: [string, readonly string[]][] = [
    ["changed", [...files, ...params.map((name) => `parameter ${name}`)]],
    ["other steps", steps.changed],
    ["new steps", steps.added],
    ["removed steps", steps.removed],
    ["ran at its end, and may have undone what isn't done again", undoing],
  ];
  return facts.filter(([, names]) => names.length > 0)
    .map(([what, names]) => `since run ${run}: ${what}: ${names.join(", ")}`);
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.length > 160 ? `${flat.slice(0, 159)}…` : flat;
}

const out = (text: string): Piece => ({ stream: "stdout", data: [text] });
const err = (text: string): Piece => ({ stream: "stderr", data: [text] });

/** A running step. */
interface Running {
  startedMs: number;
  /** Number of its targets; 0 if it has none, or they aren't known yet. */
  total: number;
  ended: number;
  bad: number;
}

/** Steps shown before "and 7 more". */
const stepsShown = 3;

/** Follows the events. */
export class StepsProgress implements Progress<StepsEvent> {
  readonly #steps = new Map<string, Running>();

  constructor(private readonly clock: Clock) {}

  /** Handles the next event of the run. */
  follow(event: StepsEvent): void {
    switch (event.event) {
      case "stepStarted":
        this.#steps.set(event.step, {
          startedMs: this.clock.elapsedMs(),
          total: 0,
          ended: 0,
          bad: 0,
        });
        break;
      case "targetsAdded": {
        const step = this.#steps.get(event.step);
        if (step === undefined) break;
        // On a further attempt, earlier successes aren't reported again.
        step.ended -= step.bad;
        step.bad = 0;
        step.total = event.targets.length;
        break;
      }
      case "targetEnded": {
        const step = this.#steps.get(event.step);
        if (step === undefined) break;
        step.ended += 1;
        if (event.outcome !== "ok") step.bad += 1;
        break;
      }
      case "stepEnded":
        this.#steps.delete(event.step);
    }
  }

  /** Returns the text of the status line; undefined if no step is running. */
  state(): string | undefined {
    return this.#steps.size === 0 ? undefined : this.statusLine();
  }

  /** `copy: 2 of 40 done, 1 not ok, 12s`; of nested steps the innermost. */
  statusLine(): string {
    const keys = [...this.#steps.keys()];
    const innermost = keys.filter((key) =>
      !keys.some((other) => other.startsWith(`${key}/`) || other.startsWith(`${key}[`))
    );
    const shown = innermost.slice(0, stepsShown).map((key) => this.#text(key));
    const more = innermost.length - shown.length;
    return `${shown.join("; ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  #text(key: string): string {
    const { startedMs, total, ended, bad } = this.#steps.get(key) as Running;
    const elapsedMs = Math.floor((this.clock.elapsedMs() - startedMs) / 1000) * 1000;
    const parts = [
      ...(total > 1 ? [`${ended} of ${total} done`] : []),
      ...(bad > 0 ? [`${bad} not ok`] : []),
      formatDuration(Math.max(1000, elapsedMs)),
    ];
    return `${printable(key)}: ${parts.join(", ")}`;
  }
}

/** Batches listed before "and 7 more batches". */
const batchesShown = 8;

/** Names of pods listed before "and 7 more". */
const namesShown = 6;

/** Returns parameters, permissions, steps with their pods, and which of them change something. */
export function planLines(plan: WorkflowPlan): string[] {
  const { workflow, path, params, permissions, changes } = plan;
  const { cluster, ...grants } = permissions;
  const granted = Object.entries(grants).filter(([, grant]) => grant !== false)
    .map(([kind, grant]) => `${kind} ${Array.isArray(grant) ? grant.join(", ") : "everything"}`);
  const verbs = cluster.map((rule) => `cluster ${rule.verbs.join(", ")}`);
  const values = Object.entries(params).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `${workflow}  ${path}`,
    ...(values.length === 0 ? [] : [`params       ${values.join(" ")}`]),
    ...(granted.length + verbs.length === 0
      ? []
      : [`permissions  ${[...granted, ...verbs].join("; ")}`]),
    "",
    ...plannedStepLines(plan.steps, ""),
    ...Object.entries(plan.omitted ?? {}).map(([id, reason]) => `- ${id}  left out: ${reason}`),
    ...(plan.done ?? []).map((one) =>
      `= ${one.step}  ${
        "pods" in one ? `done in ${plural(one.pods, "pod")}` : `${one.outcome} in the previous run`
      }`
    ),
    ...(plan.finally.length === 0 ? [] : ["finally", ...plannedStepLines(plan.finally, "  ")]),
    "",
    changes.length === 0 ? "nothing is changed" : `may change something: ${changes.join(", ")}`,
  ];
}

function plannedStepLines(steps: readonly PlannedStep[], indent: string): string[] {
  return steps.flatMap((step) => {
    const { id, title, does, when, effect, targets, targetsNote } = step;
    const mark = { reads: " ", changes: "!", asks: "?" }[effect];
    const text = title === does ? does : `${title}: ${does}`;
    const pods = targets === null ? targetsNote === null ? [] : [`in ${targetsNote}`] : [
      ...(targets.length > 0 ? [`in ${plannedPodsText(targets)}`] : []),
      ...(targetsNote === null ? targets.length > 0 ? [] : ["in no pod"] : [targetsNote]),
    ];
    const batches = step.batches?.map((names, at) => `batch ${at + 1}: ${plannedPodsText(names)}`);
    const shown = batches === undefined || batches.length <= batchesShown ? batches ?? [] : [
      ...batches.slice(0, batchesShown),
      `and ${batches.length - batchesShown} more batches`,
    ];
    return [
      `${indent}${mark} ${id}  ${text.replace(/\s+/g, " ")}`,
      ...[...placesText(step), ...pods, ...beforeLines(step), ...shown].map((line) =>
        `${indent}    ${line}`
      ),
      ...(when === null ? [] : [`${indent}    when ${when}`]),
      ...plannedStepLines(step.steps, `${indent}    `),
    ];
  });
}

/** Returns what a rerun knows of a step's pods. */
function beforeLines({ before }: PlannedStep): string[] {
  if (before === undefined) return [];
  const line = (text: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${text} ${plannedPodsText(names)}`];
  return [
    ...line("done in", before.done),
    ...line("in flight when the run ended, and repeated, in", before.inFlight),
    ...line("replaced since:", before.replaced),
  ];
}

/** Returns the contexts and namespaces of a step, each context with its namespaces. */
function placesText({ scopes }: PlannedStep): string[] {
  return [...Map.groupBy(scopes ?? [], ({ context }) => context)].map(([context, group]) => {
    const names = [...new Set(group.map(({ namespace }) => namespace))];
    const namespaces = names.map((name) => name === "*" ? "all" : name ?? "its own").join(", ");
    const noun = names.length === 1 && names[0] !== "*" ? "namespace" : "namespaces";
    return `context ${context ?? "(the current one)"}, ${noun} ${namespaces}`;
  });
}

function plannedPodsText(names: readonly string[]): string {
  const more = names.length - namesShown;
  const shown = names.slice(0, namesShown).join(", ");
  const text = more > 0 ? `${shown} and ${more} more` : shown;
  return `${names.length} ${names.length === 1 ? "pod" : "pods"}: ${text}`;
}
