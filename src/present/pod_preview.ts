/** The lines of the preview pane. All of its content is external, and is shown as plain text. */
import type { PickPod } from "../actions/pick/pods.ts";
import type { PreviewPart } from "../actions/pick/preview.ts";
import { ageText } from "../base/duration.ts";
import { type Line, type Span, span } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { tameLine } from "../terminal/tame.ts";
import { statusTone } from "./pod_rows.ts";

/** The parts loaded so far: they arrive one by one. */
export interface PreviewParts {
  events?: Extract<PreviewPart, { kind: "events" }>;
  log?: Extract<PreviewPart, { kind: "log" }>;
  failed: readonly Extract<PreviewPart, { kind: "failed" }>[];
}

/** Returns a pod's preview, from top to bottom. */
export function previewText(pod: PickPod, parts: PreviewParts, nowMs: number): Line[] {
  return [
    ...headLines(pod, nowMs),
    [],
    ...pod.containers.map(({ name, status, restarts, image }): Line => [
      span(printable(name), "strong"),
      span(`  ${printable(status)}`, statusTone(status)),
      ...(restarts > 0 ? [span(`  ${restarts} restarts`, "warn")] : []),
      span(`  ${printable(image)}`, "dim"),
    ]),
    [],
    ...eventLines(parts, nowMs),
    [],
    ...logLines(pod, parts),
  ];
}

function headLines(pod: PickPod, nowMs: number): Line[] {
  const { target, status, createdMs } = pod;
  const age = Number.isNaN(createdMs) ? "" : `  ${ageText(nowMs - createdMs)}`;
  const location: Span[] = [target.node, target.ip].filter((one) => one !== "")
    .map((one, index) => span(`${index > 0 ? "  " : ""}${printable(one)}`));
  return [
    [span(printable(`${target.namespace}/${target.pod}`), "strong")],
    [
      span(printable(status), statusTone(status)),
      span(`  ${pod.readyContainers}/${pod.totalContainers} ready${age}`, "dim"),
    ],
    location,
  ];
}

function eventLines({ events, failed }: PreviewParts, nowMs: number): Line[] {
  const error = failed.find(({ part }) => part === "events");
  if (error !== undefined) return [title("events"), sorry(error.error.message)];
  if (events === undefined) return [title("events"), [span("loading…", "dim")]];
  if (events.events.length === 0) return [title("no recent events")];
  return [
    title("events"),
    ...events.events.map(({ atMs, warning, reason, message, count }): Line => [
      span((Number.isNaN(atMs) ? "" : ageText(nowMs - atMs)).padEnd(6), "dim"),
      span(one(reason), warning ? "bad" : "plain"),
      ...(count > 1 ? [span(` ×${count}`, "dim")] : []),
      span(`  ${one(message)}`, "dim"),
    ]),
  ];
}

function logLines(pod: PickPod, { log, failed }: PreviewParts): Line[] {
  const heading = title(`log of ${printable(pod.target.container)}`);
  const error = failed.find(({ part }) => part === "log");
  if (error !== undefined) return [heading, sorry(error.error.message)];
  if (log === undefined) return [heading, [span("loading…", "dim")]];
  if (log.lines.length === 0) return [title("the log is empty")];
  return [heading, ...log.lines.map((line): Line => [span(plainLine(line))])];
}

function title(text: string): Line {
  return [span(text, "sign")];
}

function sorry(text: string): Line {
  return [span(one(text), "bad")];
}

/** Returns a line of a log without control sequences or colours: the pane has its own. */
function plainLine(line: string): string {
  const last = tameLine(line).at(-1) ?? "";
  // deno-lint-ignore no-control-regex -- the remaining colour sequences
  return last.replace(/\x1b\[[0-9;:]*m/g, "").replaceAll("\t", "  ");
}

/** Joins the text into one line. */
function one(text: string): string {
  return printable(text.replace(/\s+/g, " "));
}
