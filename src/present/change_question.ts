/** The question before a change of many pods: what runs, how many pods, and where. */
import type { ChangeQuestion, ChangeScope } from "../actions/exec/events.ts";
import { plural } from "../base/plural.ts";
import { commandLine } from "../base/shell_quote.ts";
import { printable } from "../terminal/printable.ts";

/** Maximum lines for parts of the question, so that all of it fits a small screen. */
const linesOf = { command: 3, step: 1, scope: 2 };
const scopesShown = 2;
const stepsShown = 4;

type Action = ChangeQuestion["action"];

/** Returns the lines above `Continue?`: the command, the amount and the scope; at most about ten lines. */
export function questionText(question: ChangeQuestion, columns: number): string {
  const { action, scopes } = question;
  const others = scopes.slice(scopesShown);
  const fitted = (text: string, indent: number, lines: number) =>
    cut(oneLine(text), (columns - indent) * lines);
  return [
    `${headOf(question)}${
      detailOf(action) === "" ? "" : `  ${fitted(detailOf(action), 24, linesOf.command)}`
    }`,
    ...stepLines(action, stepsShown, (text) => fitted(text, 4, linesOf.step)),
    ...(action.kind === "clusterRun"
      ? [
        `  context    ${fitted(action.context, 13, linesOf.scope)}`,
        `  namespace  ${fitted(action.namespace, 13, linesOf.scope)}`,
        ...action.rights.map((right) => `  may        ${fitted(right, 13, 1)}`),
      ]
      : []),
    ...(action.kind === "kubectl" ? action.effect.map((line) => `  ${printable(line)}`) : []),
    ...scopes.slice(0, scopesShown).flatMap((scope) => {
      const { context, server, namespace } = scope;
      const address = server === undefined ? "" : `  (${server})`;
      return [
        `  context    ${fitted(`${context}${address}`, 13, linesOf.scope)}`,
        `  namespace  ${fitted(namespace, 13, linesOf.scope)}`,
        ...(scope.pods.length === 0
          ? []
          : [`  pods       ${podsText(scope, (columns - 13) * linesOf.scope)}`]),
      ];
    }),
    ...(others.length === 0 ? [] : [
      `  and ${plural(others.reduce((sum, { pods }) => sum + pods.length, 0), "pod")} more in ${
        plural(others.length, "namespace")
      }`,
    ]),
    ...becauseLine(question),
  ].join("\n");
}

/** Returns the full details. */
export function wholeText({ action, scopes }: ChangeQuestion): string {
  const detail = detailOf(action);
  return [
    ...(detail === "" ? [] : [`  ${printable(detail)}`]),
    ...stepLines(action, Infinity, printable),
    ...scopes.flatMap(({ context, namespace, pods }) =>
      (pods.length === 0 ? ["*"] : pods)
        .map((pod) => `  ${printable([context, namespace, pod].join("/"))}`)
    ),
  ].map((line) => `${line}\n`).join("");
}

function headOf({ action, count }: ChangeQuestion): string {
  const pods = plural(count, "pod");
  switch (action.kind) {
    case "command": {
      const { shell, variables } = action;
      const how = [
        ...(shell ? ["sh"] : []),
        ...(variables.length === 0 ? [] : [`with ${variables.join(", ")}`]),
      ];
      return how.length === 0
        ? `Run in ${pods}:`
        : `Run in ${pods} (${printable(how.join("; "))}):`;
    }
    case "copy":
      return `Copy into ${pods}:`;
    case "kubectl":
      return "Run kubectl:";
    case "forward":
      return `Open local ports for ${plural(action.minutes, "minute")}:`;
    case "agent":
      return `Agent of ${printable(action.session)}: ${printable(action.does)}`;
    case "shells":
      return `Open shells in ${pods}; what is typed goes to all of them.`;
    case "clusterRun":
      return `Run ${printable(action.workflow)} in the cluster, in ${
        plural(action.shards, "pod")
      }:`;
    case "steps":
      return count === 0
        ? `Workflow ${printable(action.workflow)} may change something:`
        : `Workflow ${printable(action.workflow)} may change ${pods}:`;
  }
}

function detailOf(action: Action): string {
  switch (action.kind) {
    case "command":
      return action.shell ? action.command.join(" ") : commandLine(action.command);
    case "copy":
      return `${commandLine([action.from])} to ${commandLine([action.to])}`;
    case "kubectl":
      return commandLine(["kubectl", ...action.args]);
    case "forward":
      return `${[action.target, ...action.ports].join(" ")} of ${action.scope}`;
    case "clusterRun":
      return action.object;
    case "agent":
      return action.details.join("\n");
    case "shells":
    case "steps":
      return "";
  }
}

function stepLines(action: Action, limit: number, fitted: (text: string) => string): string[] {
  if (action.kind !== "steps") return [];
  const { steps } = action;
  const width = Math.max(...steps.map(({ id }) => id.length));
  const more = steps.length - limit;
  return [
    ...steps.slice(0, limit).map(({ id, does }) => `  ${fitted(`${id.padEnd(width)}  ${does}`)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** Returns the names as ranges if they fit, or else as many whole names as fit. */
function podsText({ ranges, pods }: ChangeScope, width: number): string {
  const all = oneLine(ranges);
  if (all.length <= width) return all;
  const shown: string[] = [];
  let available = width - restWidth;
  for (const pod of pods.map(oneLine)) {
    available -= pod.length + 2;
    if (available < 0 && shown.length > 0) break;
    shown.push(cut(pod, width));
  }
  return `${shown.join(", ")} and ${pods.length - shown.length} more (l lists them)`;
}

function becauseLine({ because }: ChangeQuestion): string[] {
  switch (because?.kind) {
    case undefined:
      return [];
    case "context":
      return [
        `  Changes in the context ${
          printable(because.context)
        } always ask (gate.contexts, gate.servers).`,
      ];
    case "model":
      return ["  A language model requests this."];
    case "unnamedRun":
      return [`  This repeats run ${printable(because.run)}.`];
    case "unknownTargets":
      return [`  Known only during the run: the pods of ${printable(because.steps.join(", "))}.`];
  }
}

/** Shows line feeds and tabs as they are written. */
export function oneLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** The sign for omitted text counts towards the width. */
const restWidth = 32;

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const shown = text.slice(0, Math.max(characters - restWidth, 20));
  return `${shown}… (l shows ${text.length - shown.length} more characters)`;
}
