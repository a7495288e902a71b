/**
 * Advice as data: the way out of an error, or a next step after an event. Modules below the front ends name options and
 * actions in it; each front end words those in its own way, as `--purge`, a field of a form or the input of a tool.
 */

/** An option of the action that gives the advice, by its field: `envFile`. */
export interface OptionRef {
  kind: "option";
  name: string;
  value?: string;
}

/** An action of kodama, by its capability and verb (`snapshots.delete`), and its input by the names of the fields. */
export interface ActionRef {
  kind: "action";
  name: string;
  /** In the order in which they are shown; `true` for a switch. */
  input: Readonly<Record<string, string | true>>;
}

/** A piece of advice. */
type HintPart = string | OptionRef | ActionRef;

/** Advice that names options or actions. */
export interface StructuredHint {
  kind: "hint";
  parts: readonly HintPart[];
}

/** Advice: a plain sentence, or a sentence with references. */
export type Hint = string | StructuredHint;

/** Makes advice of a template: hint`${action("delete", { name })} deletes it`. */
export function hint(
  texts: TemplateStringsArray,
  ...values: readonly (Hint | HintPart)[]
): StructuredHint {
  return structured(texts.flatMap((text, index) => [text, ...partsOf(values[index] ?? "")]));
}

/** Joins pieces of advice, with `separator` between them. */
export function joinHints(
  pieces: readonly (Hint | HintPart)[],
  separator: string,
): StructuredHint {
  return structured(
    pieces.flatMap((piece, index) => [index === 0 ? "" : separator, ...partsOf(piece)]),
  );
}

/** Returns a reference to an option of the current action. */
export function option(name: string, value?: string): OptionRef {
  return { kind: "option", name, ...(value === undefined ? {} : { value }) };
}

/** Returns a reference to an action. */
export function action(name: string, input: ActionRef["input"] = {}): ActionRef {
  return { kind: "action", name, input };
}

/** Returns the text of advice, with its references as `word` words them. */
export function hintText(advice: Hint, word: (ref: OptionRef | ActionRef) => string): string {
  return partsOf(advice).map((part) => typeof part === "string" ? part : word(part)).join("");
}

/** Returns the text of advice for records and logs, which belong to no front end: `delete (name: web, purge)`. */
export function plainHint(advice: Hint): string {
  return hintText(advice, (ref) => {
    if (ref.kind === "option") {
      return ref.value === undefined ? `"${ref.name}"` : `"${ref.name}: ${ref.value}"`;
    }
    const input = Object.entries(ref.input).map(([name, value]) =>
      value === true ? name : `${name}: ${value}`
    );
    return input.length === 0 ? ref.name : `${ref.name} (${input.join(", ")})`;
  });
}

function partsOf(value: Hint | HintPart): readonly HintPart[] {
  return typeof value === "object" && value.kind === "hint" ? value.parts : [value];
}

/** Adjacent texts are joined, so that equal advice has equal parts. */
function structured(all: readonly HintPart[]): StructuredHint {
  const parts: HintPart[] = [];
  for (const part of all) {
    const last = parts.at(-1);
    if (part === "") continue;
    if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
    else parts.push(part);
  }
  return { kind: "hint", parts };
}
