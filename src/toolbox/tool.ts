/**
 * The operations as tools of a language model, for every front end that has one: the MCP server and `ask`. A tool's
 * input is described by fields (`operation/field.ts`), its answer is a text within a budget, without secrets. A tool
 * can't be given flags of kubectl, another kubeconfig or another user: its input has no field for them.
 */
import {
  type AskAboutModel,
  changeRefused,
  type Confirm,
  confirmForModel,
  type EditableCommand,
} from "../actions/confirm_change.ts";
import type { Host } from "../actions/host.ts";
import {
  type Fields,
  type Input,
  schemaOf,
  type ValueSchema,
  wholeField,
} from "../operation/field.ts";
import { readInput } from "../operation/operation.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { hintText } from "../base/hint.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { commandLine } from "../base/shell_quote.ts";
import { printable } from "../terminal/printable.ts";
import { defaultBudgetTokens, fit, type Section } from "./fit.ts";
import { withSecretsMasked } from "./secrets.ts";

/** The environment of a running tool. */
export interface ToolContext {
  host: Host;
  signal: AbortSignal;
  /** Asks a person before each change, or refuses it. */
  confirm: Confirm;
  /** Ends what a tool leaves running, such as an open port. Undefined: a tool may leave nothing running. */
  lifetime?: AsyncDisposableStack | undefined;
  /** Reports progress, in one line. */
  progress?: (text: string) => void;
}

/** The environment that the caller of a tool provides. */
export interface CallContext extends Omit<ToolContext, "confirm"> {
  /** Asks a person before a change, as {@link ToolContext.confirm}. */
  confirm: AskAboutModel | undefined;
  /** Args by which a person has replaced the input's; the answer mentions that. */
  edited?: readonly string[];
}

/** A tool, with the type of its input erased. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly inputSchema: Record<string, unknown>;
  /** Whether it may change something, after a confirmation. */
  readonly mayChange: boolean;
  /** Returns the answer. Errors of the input, of kodama and of the cluster are answers too. */
  call(input: unknown, context: CallContext): Promise<ToolAnswer>;
}

/** What a tool answers. */
export interface ToolAnswer {
  text: string;
  isError: boolean;
}

/** The declaration of a tool. */
interface ToolDeclaration<F extends Fields> {
  name: string;
  title: string;
  description: string;
  options: F;
  /** The rules of an operation that has them; pure. */
  check?: ((input: Input<F>, spell: (name: string) => string) => void) | undefined;
  /** Names of options that are required. */
  required?: readonly (keyof F & string)[];
  /** `always`: it has no use where nothing may be changed, and is refused before it begins. */
  mayChange?: true | "always";
  /** The option with the args of a command, which a person may edit; `program` if it isn't the first of them. */
  editable?: { option: keyof F & string; program?: string };
  run(values: Input<F>, context: ToolContext): Promise<readonly Section[]>;
}

const budgetOption = {
  budget: wholeField(
    `largest answer, in tokens (default ${defaultBudgetTokens}); narrow the request first`,
    { least: 200 },
  ),
};

/** The largest budget that an input may set, so that no answer fills the conversation. */
const maxBudgetTokens = 20_000;

/** Makes a tool of its declaration. */
export function defineTool<const F extends Fields>(declaration: ToolDeclaration<F>): Tool {
  const { name, title, description, options, required = [], mayChange = false } = declaration;
  const { editable, check, run } = declaration;
  const all: Fields = { ...options, ...budgetOption };
  return {
    name,
    title,
    description,
    mayChange: mayChange !== false,
    inputSchema: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(schemaOf(all).properties).map(([name, schema]) => [name, plain(schema)]),
      ),
      ...(required.length === 0 ? {} : { required: [...required] }),
    },
    async call(given, { edited, ...context }) {
      const whole = withoutNulls(given);
      const input = editable === undefined || edited === undefined
        ? whole
        : { ...whole as Record<string, unknown>, [editable.option]: edited };
      const { option, ...program } = editable ?? { option: "" };
      const args = isRecord(input) && editable !== undefined ? input[option] : undefined;
      const command = isLine(args) ? { ...program, args } : undefined;
      const record = recordCall(name, input, context, command);
      const heading: Section[] = edited === undefined
        ? []
        : [{ lines: [`the person changed the command to: ${commandLine(edited)}`], unit: "lines" }];
      try {
        const values = await readInput(all, input);
        const missing = required.find((name) => !isRecord(input) || input[name] === undefined);
        if (missing !== undefined) throw new UsageError(`"${missing}" is missing`);
        check?.(values as Input<F>, JSON.stringify);
        if (mayChange === "always" && context.confirm === undefined) throw changeRefused();
        const { budget = defaultBudgetTokens } = values as Input<typeof budgetOption>;
        const sections = await run(values as Input<F>, {
          ...context,
          confirm: record.confirm,
        });
        const used = await usedContext(all, values, context.host);
        const clean = [...heading, ...used, ...sections].map((section) => ({
          ...section,
          lines: withSecretsMasked(section.lines.map(printable).join("\n")).split("\n"),
        }));
        record.ended("ok");
        return { text: fit(clean, Math.min(budget, maxBudgetTokens)), isError: false };
      } catch (error) {
        const other = record.edited();
        if (other !== undefined && !context.signal.aborted) {
          record.ended("the person gave another command");
          return await this.call(given, { ...context, edited: other });
        }
        record.ended(
          error instanceof KodamaError ? `${error.kind}: ${error.message}` : "interrupted",
        );
        if (!(error instanceof KodamaError) || context.signal.aborted) throw error;
        const note = heading.flatMap(({ lines }) => lines.map((line) => `${printable(line)}\n`));
        return { text: withSecretsMasked(note.join("") + errorText(error)), isError: true };
      }
    },
  };
}

/**
 * Returns the schema of a field in the keywords that every provider's strict mode knows (`schemas_test.ts` has them): a
 * mapping is a list of texts, and limits are words. The tool itself refuses other values.
 */
function plain(
  { type, enum: values, items, additionalProperties, minimum, default: preset, description }:
    & ValueSchema
    & { description?: string; default?: unknown },
): Record<string, unknown> {
  const about = [
    description,
    minimum !== undefined && minimum > 1 ? `; at least ${minimum}` : "",
    preset === undefined || description?.includes(`default ${preset}`)
      ? ""
      : ` (default ${preset})`,
    additionalProperties === undefined ? "" : ": NAME=VALUE each",
  ].join("");
  return {
    ...additionalProperties === undefined
      ? { type: type ?? "string", ...definedOnly({ enum: values }) }
      : { type: "array", items: { type: "string" } },
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(about === "" ? {} : { description: about }),
  };
}

/** Returns an input without what is null: strict modes require every option, and null stands for an absent one. */
function withoutNulls(input: unknown): unknown {
  if (!isRecord(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

/** Returns the context that an answer is of, if the kubeconfig has several and the input names none. */
async function usedContext(
  fields: Fields,
  { context, contexts }: Readonly<Record<string, unknown>>,
  host: Host,
): Promise<Section[]> {
  const isNamed = context !== undefined || (Array.isArray(contexts) && contexts.length > 0);
  if (isNamed || !("context" in fields || "contexts" in fields)) return [];
  if ((await host.contexts()).length < 2) return [];
  return [{ lines: [`context: ${(await host.kube()).context}`], unit: "lines" }];
}

/** Returns whether a person can edit these args of a command as one line: they contain no line feed. */
function isLine(args: unknown): args is readonly string[] {
  return Array.isArray(args) &&
    args.every((arg) => typeof arg === "string" && printable(arg) === arg && !/[\n\t]/.test(arg));
}

/** The most characters of an input that are logged. */
const maxLogged = 4000;

/** Logs a call when it has ended: its input, a person's answer, and the outcome. */
function recordCall(
  name: string,
  input: unknown,
  { host, confirm }: CallContext,
  command: EditableCommand | undefined,
): {
  confirm: ToolContext["confirm"];
  /** The args that the person gave instead. */
  edited: () => readonly string[] | undefined;
  ended: (outcome: string) => void;
} {
  let answer = "";
  let edited: readonly string[] | undefined;
  return {
    confirm: confirmForModel(
      confirm && (async (question) => {
        answer = "not approved, ";
        const decision = await confirm(question, command);
        if (typeof decision === "object") edited = decision.args;
        const isApproved = decision === true;
        if (isApproved) answer = "approved, ";
        return isApproved;
      }),
    ),
    edited: () => edited,
    ended: (outcome) => {
      const given = withSecretsMasked(JSON.stringify(input ?? {})).slice(0, maxLogged);
      host.log("info", "tool", `${name} ${given}: ${answer}${withSecretsMasked(outcome)}`);
    },
  };
}

/** An error in the words of a tool: options by their names, other tools by theirs. */
function errorText({ kind, message, hint }: KodamaError): string {
  const words = hint === undefined ? "" : hintText(hint, (ref) => {
    if (ref.kind === "option") {
      return ref.value === undefined ? `"${ref.name}"` : `"${ref.name}": "${ref.value}"`;
    }
    return `${ref.name} ${JSON.stringify(ref.input)}`;
  });
  return printable(`${kind}: ${message}${words === "" ? "" : `\n${words}`}`);
}
