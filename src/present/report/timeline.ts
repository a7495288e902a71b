/** When each pod, batch and step of a run started and ended, as SVG. Pure. */
import type {
  ReportedTarget,
  ReportSection,
  ReportSpan,
  RunReport,
} from "../../actions/runs/report.ts";
import { formatDuration } from "../../base/duration.ts";
import colors from "./colors.css" with { type: "text" };
import { type Content, Markup, markup } from "./markup.ts";

const width = 960;
const labelWidth = 190;
const chartWidth = width - labelWidth - 20;
const axisHeight = 22;
const stepHeight = 18;

/** Pods of a run beyond this are drawn for the ones that took longest. */
const mostDrawn = 1500;

/** Characters of a label that fit beside the chart. */
const labelLength = 28;

/** A row of pods: tall enough for a name if there are few of them. */
function rowHeight(pods: number): number {
  if (pods <= 40) return 16;
  return pods <= 200 ? 6 : 2;
}

/** A drawn row, and its height. */
interface Row {
  height: number;
  draw(y: number): Content;
}

/** Returns the timeline as an `svg` element; undefined if no time is recorded. */
export function timeline(report: RunReport): Markup | undefined {
  const totalMs = totalOf(report);
  if (totalMs === undefined) return undefined;
  const scale = (ms: number) => labelWidth + Math.min(1, ms / totalMs) * chartWidth;
  const pods = report.sections.reduce((sum, { targets }) => sum + targets.length, 0);
  const height = rowHeight(pods);
  const longest = drawnTargets(report);
  const rows = report.sections.flatMap((section) =>
    sectionRows(section, { scale, height, longest })
  );
  const rowsHeight = rows.reduce((sum, row) => sum + row.height, 0);
  let y = axisHeight;
  const drawn = rows.map((row) => {
    const content = row.draw(y);
    y += row.height;
    return content;
  });
  const omitted = pods - longest.size;
  const note = omitted <= 0
    ? undefined
    : markup`<text class="tick" x="${labelWidth}" y="${
      y + 14
    }">${omitted} pods that took less time, or didn't start, aren't drawn</text>`;
  const whole = rowsHeight + axisHeight + (note === undefined ? 6 : 24);
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" role="img" aria-label="Timeline of ${pods} pods over ${
    formatDuration(totalMs)
  }">${axis(totalMs, { scale, bottom: axisHeight + rowsHeight })}${drawn}${note}</svg>`;
}

/** Returns the timeline as a document of its own, for light and dark backgrounds. */
export function timelineDocument(report: RunReport): string {
  const svg = timeline(report)?.source ??
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 40"></svg>`;
  const at = svg.indexOf(">") + 1;
  const style = `<style>${colors}svg { background: var(--page); }</style>`;
  return `${svg.slice(0, at)}${style}${svg.slice(at)}\n`;
}

/** The run's duration; if it hasn't ended, the last time that is known. */
function totalOf({ durationMs, sections }: RunReport): number | undefined {
  const spans = sections.flatMap(({ span, targets }) => [
    span,
    ...targets.map((target) => target.span),
  ]);
  const known = spans.flatMap((span) => span === undefined ? [] : [span.endMs ?? span.startMs]);
  if (known.length === 0) return undefined;
  return Math.max(1, durationMs ?? 0, known.reduce((max, ms) => Math.max(max, ms), 0));
}

/** Returns the targets that are drawn: all that started, up to a limit. */
function drawnTargets({ sections }: RunReport): Set<ReportedTarget> {
  const started = sections.flatMap(({ targets }) => targets.filter(({ span }) => span));
  if (started.length <= mostDrawn) return new Set(started);
  return new Set(
    started.toSorted((a, b) => durationOf(b.span) - durationOf(a.span))
      .slice(0, mostDrawn),
  );
}

function durationOf(span: ReportSpan | undefined): number {
  return span === undefined ? 0 : (span.endMs ?? Infinity) - span.startMs;
}

interface Drawing {
  scale: (ms: number) => number;
  height: number;
  longest: ReadonlySet<ReportedTarget>;
}

function sectionRows(section: ReportSection, { scale, height, longest }: Drawing): Row[] {
  const { step, title, outcome, span, targets } = section;
  const named = height >= 12;
  const rows: Row[] = [];
  if (step !== "") {
    rows.push({
      height: stepHeight + 4,
      draw: (y) =>
        markup`${label(step, y + 15)}${
          bar(span, {
            scale,
            y: y + 5,
            height: stepHeight - 6,
            name: `${step}: ${title}`,
            outcome,
            look: "step",
          })
        }`,
    });
  }
  const byStart = targets.filter((target) => longest.has(target)).toSorted((a, b) =>
    (a.batch ?? 0) - (b.batch ?? 0) || (a.span?.startMs ?? 0) - (b.span?.startMs ?? 0)
  );
  const batches = [...Map.groupBy(byStart, ({ batch }) => batch)];
  for (const [batch, members] of batches) {
    if (batch !== undefined) rows.push(batchRow(batch, members, { scale, height }));
    for (const target of members) {
      const { name, outcome, span } = target;
      rows.push({
        height,
        draw: (y) => [
          named ? label(name, y + 12, true) : undefined,
          bar(span, {
            scale,
            y: y + (named ? 3 : 0),
            height: named ? height - 6 : Math.max(1, height - 1),
            name,
            outcome: outcome ?? "none",
            look: "bar",
          }),
        ],
      });
    }
  }
  return rows;
}

/** A band behind the pods of a batch, with its number. */
function batchRow(
  batch: number,
  members: readonly ReportedTarget[],
  { scale, height }: Pick<Drawing, "scale" | "height">,
): Row {
  const starts = members.map(({ span }) => span?.startMs ?? 0);
  const ends = members.map(({ span }) => span?.endMs ?? span?.startMs ?? 0);
  const [left, right] = [scale(Math.min(...starts)), scale(Math.max(...ends))];
  return {
    height: 16,
    draw: (y) =>
      markup`<rect class="band" x="${left}" y="${y}" width="${Math.max(2, right - left)}" height="${
        16 + members.length * height
      }"/><text class="tick" x="${Math.min(left + 4, width - 70)}" y="${
        y + 11
      }">batch ${batch}</text>`,
  };
}

function bar(
  span: ReportSpan | undefined,
  { scale, y, height, name, outcome, look }: {
    scale: (ms: number) => number;
    y: number;
    height: number;
    name: string;
    outcome: string;
    look: "bar" | "step";
  },
): Content {
  if (span === undefined) return undefined;
  const left = scale(span.startMs);
  const right = span.endMs === undefined ? scale(Infinity) : scale(span.endMs);
  const time = span.endMs === undefined
    ? "its end isn't recorded"
    : formatDuration(span.endMs - span.startMs);
  const kind = /^[a-z]+$/.test(outcome) ? outcome : "none";
  return markup`<rect class="${look} ${kind}${
    span.endMs === undefined ? " open" : ""
  }" x="${left}" y="${y}" width="${Math.max(2, right - left)}" height="${height}" rx="${
    Math.min(2, height / 3)
  }"><title>${name}: ${outcome}, ${time}</title></rect>`;
}

/** Names of pods differ at their ends. */
function label(name: string, y: number, isInner = false): Content {
  const short = name.length <= labelLength ? name : `…${name.slice(1 - labelLength)}`;
  return markup`<text x="${isInner ? 12 : 0}" y="${y}"${
    isInner ? new Markup(' class="tick"') : undefined
  }>${short}</text>`;
}

/** Steps between the marks of an axis, in milliseconds. */
const marks = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440].map((minutes) => minutes * 60_000),
];

function axis(
  totalMs: number,
  { scale, bottom }: { scale: (ms: number) => number; bottom: number },
): Content {
  const step = marks.find((ms) => totalMs / ms <= 8) ?? totalMs;
  const at = Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
  return at.map((ms) =>
    markup`<line class="grid" x1="${scale(ms)}" x2="${scale(ms)}" y1="${
      axisHeight - 4
    }" y2="${bottom}"/><text class="tick" x="${scale(ms) + 3}" y="12">${
      ms === 0 ? "0" : formatDuration(ms)
    }</text>`
  );
}
