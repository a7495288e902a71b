/**
 * A report of a run as one HTML document without any other file: no script, and a Content Security Policy that allows
 * nothing but the style in it. What pods wrote is text only (`markup.ts`).
 */
import type { ReportedTarget, ReportSection, RunReport } from "../../actions/runs/report.ts";
import type { AnswerGroup, FoldedLine } from "../../runs/fold_answers.ts";
import { outcomeName } from "../../actions/exec/events.ts";
import { linesOf } from "../../runs/run_state.ts";
import { formatDuration } from "../../base/duration.ts";
import { plural } from "../../base/plural.ts";
import { commandLine } from "../../base/shell_quote.ts";
import colors from "./colors.css" with { type: "text" };
import layout from "./report.css" with { type: "text" };
import { type Content, Markup, markup } from "./markup.ts";
import { timeline } from "./timeline.ts";

/** Pods of a table that is open from the start. */
const openPods = 60;

/** Returns the document. */
export async function reportHtml(report: RunReport): Promise<string> {
  const style = colors + layout;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  const hash = new Uint8Array(digest).toBase64();
  const policy =
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const title = titleOf(report);
  const drawn = timeline(report);
  const { source } = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<h1>${title}</h1>
${summary(report)}
${facts(report)}
${
    report.sections.map((section) =>
      sectionOf(section, report.sections.length > 1 || section.step !== "")
    )
  }
${drawn === undefined ? undefined : markup`<h2>Timeline</h2>\n<div class="scroll">${drawn}</div>`}
<footer>Run ${report.id}, reported by kodama. Output is recorded up to a limit, without what looks like a secret.</footer>
</body>
</html>
`;
  return source;
}

function titleOf({ command, shell, workflow }: RunReport): string {
  if (command === null) return workflow ?? "";
  const line = shell ? command.join(" ") : commandLine(command);
  return workflow === null ? line : `${workflow}: ${line}`;
}

/** The outcome, and how many pods, or steps, ended in which way. */
function summary({ outcome, reason, command, sections }: RunReport): Content {
  const counts = new Map<string, number>();
  const ended = command === null ? sections : sections.flatMap(({ targets }) => targets);
  for (const { outcome } of ended) {
    counts.set(outcome ?? "none", (counts.get(outcome ?? "none") ?? 0) + 1);
  }
  const noun = command === null ? "step" : "pod";
  const parts = [...counts].toSorted(([a], [b]) => Number(b === "ok") - Number(a === "ok"));
  const texts = parts.map(([kind, count]) =>
    `${count} ${kind === "none" ? "not ended" : nameOf(kind)}`
  );
  return markup`<p>${badge(outcome)} <span class="soft">${plural(ended.length, noun)}: ${
    texts.join(", ")
  }</span></p>${reason === null ? undefined : markup`<p>${reason}</p>`}`;
}

function facts(report: RunReport): Content {
  const { id, at, durationMs, exitCode, rerunOf, params, outputs, sections } = report;
  const targets = sections.flatMap((section) => section.targets);
  const names = (part: "context" | "namespace") =>
    [...new Set(targets.map((target) => target[part]))].join(", ");
  const rows: [string, string][] = [
    ["run", id],
    ...(rerunOf === null ? [] : [["repeats", rerunOf] as [string, string]]),
    ["started", at.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC")],
    ["took", durationMs === null ? "not ended" : formatDuration(durationMs)],
    ["exit code", exitCode === null ? "not known" : String(exitCode)],
    ...(targets.length === 0 ? [] : [
      ["context", names("context")] as [string, string],
      ["namespace", names("namespace")] as [string, string],
    ]),
    ...pairs("parameter", params),
    ...pairs("output", outputs),
  ];
  return markup`<dl>${rows.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function pairs(what: string, values: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(values).map(([name, value]) => [
    `${what} ${name}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

function sectionOf(section: ReportSection, isStep: boolean): Content {
  const { step, title, outcome, reason, targets, folded, output, span } = section;
  const took = span?.endMs === undefined ? "" : formatDuration(span.endMs - span.startMs);
  const head = isStep
    ? markup`<h2>${step} ${badge(outcome)}</h2>
<p class="soft">${
      [...(title === step ? [] : [title]), ...(took === "" ? [] : [took])].join(" · ")
    }</p>
${reason === null ? undefined : markup`<p>${reason}</p>`}`
    : undefined;
  const { sentence, groups } = folded;
  const shown = isStep ? groups.filter(({ lines }) => lines.length > 0) : groups;
  return markup`${head}
${output === undefined ? undefined : ownOutput(output)}
${isStep || groups.length === 0 ? undefined : markup`<h2>Output</h2>`}
${sentence === "" ? undefined : markup`<p><b>${sentence}</b></p>`}
${shown.map(groupOf)}
${targets.length === 0 ? undefined : podsOf(targets, isStep)}
`;
}

function groupOf({ names, pods, outcome, end, note, lines }: AnswerGroup): Content {
  const heading = markup`<b>${names}</b><span class="soft">${plural(pods.length, "pod")}</span>${
    badge(outcome)
  }${end === outcome ? undefined : markup`<span class="soft">${end}</span>`}`;
  return blockOf(heading, lines, note);
}

function ownOutput(
  { stdout, stderr, omittedBytes }: NonNullable<ReportSection["output"]>,
): Content {
  const lines = linesOf({ stdout, stderr }).map(({ text }) => ({ kind: "text" as const, text }));
  const note = omittedBytes > 0 ? `${omittedBytes} more bytes aren't recorded` : undefined;
  return blockOf(markup`<b>on this machine</b>`, lines, note);
}

function blockOf(heading: Content, lines: readonly FoldedLine[], note?: string): Content {
  const drawn = lines.map(({ kind, text }) =>
    kind === "text" ? markup`<span>${text}</span>` : markup`<span class="${kind}">${text}</span>`
  );
  return markup`<section class="group"><header>${heading}</header>${
    drawn.length === 0 ? undefined : markup`<pre>${drawn}</pre>`
  }${note === undefined ? undefined : markup`<p class="note">${note}</p>`}</section>\n`;
}

function podsOf(targets: readonly ReportedTarget[], isStep: boolean): Content {
  const hasBatches = targets.some(({ batch }) => batch !== undefined);
  const rows = targets.map((target) => {
    const { name, outcome, exitCode, error, node, span, batch } = target;
    return markup`<tr><td>${name}</td><td>${badge(outcome ?? "none")}</td><td class="end">${
      exitCode ?? undefined
    }</td><td class="end">${
      span?.endMs === undefined ? "" : formatDuration(span.endMs - span.startMs)
    }</td>${hasBatches ? markup`<td class="end">${batch}</td>` : undefined}<td>${node}</td><td>${
      error ?? ""
    }</td></tr>\n`;
  });
  const isOpen = targets.length <= openPods && !isStep;
  return markup`${isStep ? undefined : markup`<h2>Pods</h2>`}
<details${isOpen ? new Markup(" open") : undefined}><summary>${
    plural(targets.length, "pod")
  }</summary>
<div class="scroll"><table><thead><tr><th>Pod</th><th>Outcome</th><th class="end">Exit</th><th class="end">Time</th>${
    hasBatches ? markup`<th class="end">Batch</th>` : undefined
  }<th>Node</th><th>Reason</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}

/** An outcome in its colour; never by the colour alone. */
function badge(outcome: string): Content {
  const kind = /^[a-z]+$/.test(outcome) ? outcome : "none";
  return markup`<span class="badge ${kind}">${
    outcome === "none" ? "not known" : nameOf(outcome)
  }</span>`;
}

function nameOf(outcome: string): string {
  return outcome === "timeout" ? outcomeName("timeout") : outcome;
}
