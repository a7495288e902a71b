/**
 * The question before a run of kubectl that changes something: the command, where, what it touches, what is dangerous.
 */
import type { KubectlDanger, KubectlPlan } from "../actions/kubectl/guard.ts";
import { oneLine } from "./change_question.ts";
import type { NodePreview } from "../actions/kubectl/nodes.ts";
import type { KubectlPreview, PreviewedChange } from "../actions/kubectl/preview.ts";
import { plural } from "../base/plural.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";

/** The most names shown of one list. */
const maxNames = 8;

/** The most lines shown of all differences together. */
const maxDiffLines = 24;

/** A question, up to the words that ask. */
interface KubectlQuestion {
  text: string;
  /** All names and differences, if `text` omits some. */
  whole: string | undefined;
}

/**
 * Returns the question of a plan.
 *
 * @param options.isRepeated it was answered with yes, but about something else.
 */
export function questionOf(
  plan: KubectlPlan,
  preview: KubectlPreview,
  { style, isRepeated = false }: { style: Style; isRepeated?: boolean },
): KubectlQuestion {
  const head = [
    style.bold(oneLine(plan.shown)),
    ...(isRepeated
      ? [row("again", style.yellow("more would happen now than was shown when you said yes"))]
      : []),
    ...scopeLines(plan),
  ];
  const namespace = plan.scope?.namespace;
  const dangers = plan.judgement.dangers.map((danger) =>
    row("dangerous", style.red(printable(dangerText(danger))))
  );
  const short = previewLines(preview, {
    style,
    names: maxNames,
    diffLines: maxDiffLines,
    namespace,
  });
  const all = previewLines(preview, { style, names: Infinity, diffLines: Infinity, namespace });
  const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  return {
    text: joined([...head, ...short, ...dangers]),
    whole: short.length === all.length && short.every((line, at) => line === all[at])
      ? undefined
      : joined(all),
  };
}

function scopeLines({ scope }: KubectlPlan): string[] {
  if (scope === undefined) return [];
  return [
    row("context", printable(`${scope.context}  (${scope.server})`)),
    row("namespace", scope.isEverywhere ? "all" : printable(scope.namespace)),
  ];
}

interface Shown {
  style: Style;
  names: number;
  diffLines: number;
  /** That of the command line: objects of another one are shown with theirs. */
  namespace?: string | undefined;
}

function previewLines(preview: KubectlPreview, shown: Shown): string[] {
  switch (preview.kind) {
    case "unknown":
      return preview.why === undefined ? [] : [row("objects", printable(preview.why))];
    case "objects":
      return [
        ...(preview.objects.length === 0 && preview.failure !== undefined
          ? []
          : objectLines(preview.objects, shown)),
        ...failureLines(preview, shown),
      ];
    case "nodes":
      return [
        ...preview.nodes.flatMap((node) => nodeLines(node, preview.verb, shown)),
        ...failureLines(preview, shown),
      ];
  }
}

function failureLines(
  preview: Exclude<KubectlPreview, { kind: "unknown" }>,
  { style }: Shown,
): string[] {
  const { failure } = preview;
  if (failure === undefined) return [];
  const shown = preview.kind === "objects" ? preview.objects : preview.nodes;
  const which = shown.length === 0 ? "which" : "of others, which";
  return [
    row("errors", style.yellow(`${which} the command itself may have too:`)),
    ...failure.split("\n").map((line) => `    ${printable(line)}`),
  ];
}

const headings: Readonly<Record<PreviewedChange["effect"], string>> = {
  create: "creates",
  change: "changes",
  replace: "recreates",
  delete: "deletes",
  none: "no change",
};

function objectLines(objects: readonly PreviewedChange[], shown: Shown): string[] {
  if (objects.length === 0) return [row("touches", "nothing")];
  const nameOf = ({ name, namespace }: PreviewedChange) =>
    namespace === undefined ? name : `${namespace}/${name}`;
  const namespaces = new Set(objects.flatMap(({ namespace }) => namespace ?? []));
  const several = namespaces.size > 1 || !namespaces.isSubsetOf(new Set([shown.namespace]));
  const lists = (Object.keys(headings) as PreviewedChange["effect"][]).flatMap((effect) => {
    const some = objects.filter((one) => one.effect === effect);
    const names = some.map((one) => several ? nameOf(one) : one.name);
    return some.length === 0 ? [] : [row(headings[effect], namesText(names, shown.names))];
  });
  const contents = objects.filter((one) => "contents" in one).map(({ name, contents }) =>
    row("with", `${oneLine(name)}: ${contentsText(contents, shown.names)}`)
  );
  return [...lists, ...contents, ...diffLines(objects, shown)];
}

function contentsText(contents: readonly string[] | undefined, limit: number): string {
  if (contents === undefined) return "what is in it isn't known";
  if (contents.length === 0) return "nothing is in it";
  const shown = contents.slice(0, limit).map(oneLine).join(", ");
  return contents.length > limit
    ? `${shown} and ${plural(contents.length - limit, "kind")} more`
    : shown;
}

/** Returns how objects have changed, as the lines of a question's differences. */
export function changesText(objects: readonly PreviewedChange[], style: Style): string {
  return diffLines(objects, { style, names: Infinity, diffLines: Infinity })
    .map((line) => `${line}\n`).join("");
}

function diffLines(
  objects: readonly PreviewedChange[],
  { style, diffLines: limit }: Shown,
): string[] {
  const lines = objects.filter(({ diff }) => diff.length > 0).flatMap(({ name, diff }) => [
    `  ${style.bold(printable(name))}`,
    ...diff.map(({ kind, text }) => {
      const line = oneLine(text);
      if (kind === "gap") return `    ${style.dim("…")}`;
      if (kind === "removed") return `    ${style.red(`- ${line}`)}`;
      if (kind === "added") return `    ${style.green(`+ ${line}`)}`;
      return `      ${line}`;
    }),
  ]);
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit), `  … ${plural(lines.length - limit, "line")} more`];
}

function nodeLines(node: NodePreview, verb: string, shown: Shown): string[] {
  const name = printable(node.name);
  if (verb === "uncordon") return [row("node", `${name} takes new pods again`)];
  const pods = node.evicted.length + node.daemons.length;
  if (verb === "cordon") {
    return [row("node", `${name} takes no new pods; the ${plural(pods, "pod")} there stay`)];
  }
  const list = (heading: string, names: readonly string[], why: string) =>
    names.length === 0 ? [] : [
      row(
        heading,
        `${namesText(names, shown.names)}${why === "" ? "" : ` ${shown.style.dim(why)}`}`,
      ),
    ];
  const refusal = node.missing.length === 0 ? [] : [
    row("evicts", `none, without ${node.missing.join(" and ")}; these otherwise:`),
  ];
  const needs = (flag: string, why: string) =>
    node.missing.includes(flag) ? `(${why}: needs ${flag})` : `(${why})`;
  return [
    row("node", `${name} takes no new pods`),
    ...refusal,
    ...list(node.missing.length === 0 ? "evicts" : "", node.evicted, ""),
    ...list("loses", node.localData, needs("--delete-emptydir-data", "emptyDir")),
    ...list("not again", node.unmanaged, needs("--force", "no controller")),
    ...list("leaves", node.daemons, needs("--ignore-daemonsets", "DaemonSets")),
    ...list("blocked", node.blockedBy, "(PodDisruptionBudgets that allow no eviction now)"),
  ];
}

function namesText(names: readonly string[], limit: number): string {
  const shown = names.slice(0, limit).map(oneLine).join(", ");
  const more = names.length > limit ? ` and ${names.length - limit} more` : "";
  return names.length > 1 ? `${shown}${more}  (${names.length})` : shown;
}

function dangerText(danger: KubectlDanger): string {
  switch (danger.kind) {
    case "unknownVerb":
      return `${danger.verb} isn't a verb of kubectl that is known: a plugin can do anything (gate.kubectl rates it)`;
    case "unknownFlag":
      return `the flag ${danger.flag} isn't known`;
    case "verb":
      return danger.verb === "drain"
        ? "every pod of the node is evicted"
        : danger.verb === "proxy"
        ? "everyone on this machine can change the cluster through it, without a question"
        : danger.verb === "taint"
        ? "pods that don't tolerate it are evicted or not scheduled"
        : "it changes who may do what";
    case "flag":
      return `${danger.flag} ${flagTexts[danger.flag] ?? "skips a check"}`;
    case "resource":
      return `others depend on ${danger.resource}, or it can't be brought back`;
    case "many":
      return danger.count === undefined
        ? `${danger.by} chooses the objects`
        : `${danger.count} objects`;
    case "allOfKind":
      return `no name is given: it may be all ${danger.resource}`;
    case "systemNamespace":
      return `${danger.namespace} has the cluster's own components`;
    case "stopsWorkload":
      return "no pod of it remains";
    case "unknownObjects":
      return `the objects of ${danger.source} aren't known`;
    case "otherConnection":
      return `${danger.flag}: not the server and user of the context`;
  }
}

const flagTexts: Readonly<Record<string, string>> = {
  "--cascade=orphan": "leaves what the objects own",
  "--force": "deletes without waiting, or what can't be updated",
  "--force-conflicts": "takes fields from their owners",
  "--grace-period=0": "gives the pods no time to end",
  "--now": "gives the pods one second to end",
  "--privileged": "gives the container the rights of its node",
  "--profile=sysadmin": "gives the container the rights of its node",
  "--prune": "deletes what the files don't have",
  "--raw": "sends any request",
  "--replace": "deletes the pod that is copied",
};

function row(heading: string, text: string): string {
  return `  ${heading.padEnd(9)}  ${text}`;
}
