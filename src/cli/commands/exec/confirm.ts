/** The text of the question before a change of many pods. */
import type { ChangeQuestion, ChangeScope, Confirm } from "../../../actions/exec/events.ts";
import { plural } from "../../../base/plural.ts";
import { UnconfirmedError } from "../../../base/errors.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askChoice, canAsk } from "../../ask_yes.ts";

/** Maximum lines for parts of the question, so that all of it fits a small screen. */
const linesOf = { command: 3, step: 1, scope: 2 };
const scopesShown = 2;
const stepsShown = 4;

type Action = ChangeQuestion["action"];

/** Options of a question. */
export interface Confirming {
  /** A change of more pods than this is confirmed; undefined for the value in the settings. */
  above: number | undefined;
  /** Standard input goes to the commands. */
  stdin: boolean;
  /** The arguments that show the pods instead of asking, as in `--list`. */
  listing: string;
  signal: AbortSignal;
}

/**
 * Asks on the terminal. `ask` throws `UnconfirmedError` if no one can be asked, or if standard input goes to the
 * commands.
 */
export function confirmOn(terminal: Terminal, options: Confirming): Confirm {
  const ask = async (question: ChangeQuestion): Promise<boolean> => {
    if (options.stdin || !canAsk(terminal)) throw refusal(question, options.listing);
    const columns = terminal.size()?.columns ?? 80;
    return await askChoice(terminal, {
      text: `${questionText(question, columns)}\nContinue?`,
      choices: "y/N, l lists the pods",
      more: { key: "l", text: () => wholeText(question) },
    }, options.signal);
  };
  return options.above === undefined ? { ask } : { above: options.above, ask };
}

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
    ...(action.kind === "kubectl" ? action.effect.map((line) => `  ${printable(line)}`) : []),
    ...scopes.slice(0, scopesShown).flatMap((scope) => {
      const { context, server, namespace } = scope;
      const address = server === undefined ? "" : `  (${server})`;
      return [
        `  context    ${fitted(`${context}${address}`, 13, linesOf.scope)}`,
        `  namespace  ${fitted(namespace, 13, linesOf.scope)}`,
        `  pods       ${podsText(scope, (columns - 13) * linesOf.scope)}`,
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

/** Returns the full details, for the key that shows more. */
function wholeText({ action, scopes }: ChangeQuestion): string {
  const detail = detailOf(action);
  return [
    ...(detail === "" ? [] : [`  ${printable(detail)}`]),
    ...stepLines(action, Infinity, printable),
    ...scopes.flatMap(({ context, namespace, pods }) =>
      pods.map((pod) => `  ${printable([context, namespace, pod].join("/"))}`)
    ),
  ].map((line) => `${line}\n`).join("");
}

function headOf({ action, count }: ChangeQuestion): string {
  const pods = plural(count, "pod");
  switch (action.kind) {
    case "command":
      return action.shell ? `Run in ${pods} (sh):` : `Run in ${pods}:`;
    case "copy":
      return `Copy into ${pods}:`;
    case "kubectl":
      return "Run kubectl:";
    case "shells":
      return `Open shells in ${pods}; what is typed goes to all of them.`;
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
        `  Changes in the context ${printable(because.context)} always ask (gate.contexts).`,
      ];
    case "model":
      return ["  A language model requests this."];
    case "unnamedRun":
      return [`  This repeats run ${printable(because.run)}.`];
    case "unknownTargets":
      return [`  Known only during the run: the pods of ${printable(because.steps.join(", "))}.`];
  }
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** The sign for omitted text counts towards the width. */
const restWidth = 32;

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const shown = text.slice(0, Math.max(characters - restWidth, 20));
  return `${shown}… (l shows ${text.length - shown.length} more characters)`;
}

/** Without a terminal nothing is changed without confirmation, and nothing waits for an answer that can't come. */
function refusal({ action, count, scopes }: ChangeQuestion, listing: string): UnconfirmedError {
  const pods = plural(count, "pod");
  const what = {
    // Without pods it changes objects of the cluster.
    command: count === 0 && action.kind === "command"
      ? `run ${printable(commandLine(action.command))}`
      : `run in ${pods}`,
    copy: `copy into ${pods}`,
    shells: `open shells in ${pods}`,
    kubectl: "run kubectl",
    steps: action.kind === "steps" ? `run the workflow ${action.workflow}` : "",
  }[action.kind];
  const contexts = [...new Set(scopes.map(({ context }) => context))];
  const where = contexts.length === 0 ? "" : ` (context ${contexts.join(", ")})`;
  return new UnconfirmedError(`refusing to ${what}${where} without confirmation`, {
    hint: `pass --yes to confirm, or ${listing} to see what it would do`,
  });
}
