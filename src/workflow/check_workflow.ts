/** Checks of a whole workflow: names and types of expressions, permissions, and unused declarations. */
import { grants, grantText } from "./permissions.ts";
import type { YamlSource } from "../base/yaml/source.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { namesUsed } from "../expression/names_used.ts";
import { type ExpressionProblem, nameHint } from "../expression/problem.ts";
import {
  checkTemplate,
  hasExpression,
  parseTemplate,
  type Template,
} from "../expression/template.ts";
import { anyType, type Type, typeNoun } from "../expression/type.ts";
import { failureType } from "./engine/failure.ts";
import type { Diagnostic, Rule } from "./diagnostics.ts";
import type { FullWorkflow, SourceLocation, SourcePath, Step } from "./model.ts";
import { outcomeType, outerNames, resultName, stepType } from "./names.ts";
import type { StepKind } from "./step_kind.ts";
import { stepKind } from "./step_registry.ts";
import { commandProblems, evaluateDeep, type Text, textsIn, textsOf } from "./templates.ts";
import { type Entries, expressionMark, listed } from "./fields.ts";
import { defaultEntries, frameEntries, limitsShape } from "./file_shape.ts";
import { selectShape } from "./selection_fields.ts";
import { misfit } from "./written.ts";

/** Names that an expression may use, with their types. */
export type Names = Readonly<Record<string, Type>>;

/** Receives each text with an expression, and the names that are known there: an editor completes them. */
export type OnText = (location: SourceLocation, names: Names) => void;

/**
 * Returns all problems of the whole, each reported in the file that contains it.
 *
 * @param uses the workflows that the `workflow` steps use.
 */
export async function checkWorkflow(
  workflow: FullWorkflow,
  sources: ReadonlyMap<string, YamlSource>,
  uses: ReadonlyMap<Step, FullWorkflow>,
  onText?: OnText,
): Promise<Diagnostic[]> {
  const checker = new Checker(workflow, sources, uses, onText);
  await checker.check();
  return checker.diagnostics;
}

/** What names and functions of GitHub Actions are here. */
const namesElsewhere: Readonly<Record<string, string>> = {
  inputs: "here it is `params`",
  vars: "here it is `params`",
  secrets: "here it is a parameter with `secret: true`",
  matrix: "here it is the item of a `foreach`",
  github: "`env` has the variables that `permissions.env` grants, as in env.GITHUB_SHA",
  "failure()": "after a failure the steps of `rescue` run, and those of `finally`",
  "cancelled()": "after a cancel the steps of `always` and `finally` run",
  "always()": "steps of `always` and `finally` always run",
  "success()": "a step runs only if those before it were ok",
  "fromJSON()": "here it is `json`",
};

function withNameHere(text: string, problem: ExpressionProblem): ExpressionProblem {
  const [unknown, kind, called = ""] = /^unknown (name|function) "(\w+)"/.exec(problem.message) ??
    [];
  if (unknown === undefined || text[problem.start - 1] === ".") return problem;
  const name = kind === "function" ? `${called}()` : called;
  const here = Object.hasOwn(namesElsewhere, name) ? namesElsewhere[name] : undefined;
  return here === undefined ? problem : { ...problem, message: `${unknown}; ${here}` };
}

class Checker {
  readonly diagnostics: Diagnostic[] = [];
  readonly #folder: string;
  readonly #usedParams = new Set<string>();

  constructor(
    private readonly workflow: FullWorkflow,
    private readonly sources: ReadonlyMap<string, YamlSource>,
    private readonly uses: ReadonlyMap<Step, FullWorkflow>,
    private readonly onText: OnText | undefined,
  ) {
    this.#folder = workflow.path.slice(0, workflow.path.lastIndexOf("/")) || "/";
  }

  async check(): Promise<void> {
    const { path, select, defaults, steps, outputs } = this.workflow;
    const names = outerNames(this.workflow);
    const { concurrency } = this.workflow;
    const shared = [
      { at: ["concurrency"], value: concurrency, entries: {} },
      { at: ["select"], value: select, entries: selectShape.entries },
      { at: ["defaults"], value: defaults, entries: defaultEntries },
      { at: ["limits"], value: this.workflow.limits, entries: limitsShape.entries },
    ];
    for (const { at, value, entries } of shared) {
      for (const { path: inner, text } of textsIn(value, [])) {
        this.#text({ file: path, path: [...at, ...inner] }, text, names, { entries, inner });
      }
    }
    const known = await this.#steps(steps, names, {});
    const ofFinally = { ...names, outcome: outcomeType, failure: failureType };
    const last = await this.#steps(this.workflow.finally, ofFinally, known);
    for (const { at, template } of outputs) {
      this.#text(at, template, { ...names, steps: record(last) });
    }
    this.#variablesOfParams();
    this.#unusedParams();
    this.#emptySelection({ file: path, path: ["select"] }, select);
  }

  /** Checks steps in order; returns the names that expressions after them know. */
  async #steps(
    steps: readonly Step[],
    names: Names,
    before: Readonly<Record<string, Type>>,
  ): Promise<Record<string, Type>> {
    const known = { ...before };
    for (const step of steps) {
      const kind = stepKind(step.kind);
      const here = { ...names, steps: record(known) };
      const isLate = ({ path: [field] }: Text) => kind.late.includes(String(field));
      const texts = textsOf(step, kind);
      this.#expressions(step, kind, { texts: texts.filter((text) => !isLate(text)), names: here });
      if (step.broken === undefined) await this.#step(step, kind);
      for (const [list, inner] of Object.entries(step.inner)) {
        const own = step.broken === undefined
          ? kind.innerNames(step.fields, list)
          : anyNames(step, kind);
        const within = { ...here, ...own };
        const found = await this.#steps(inner, within, known);
        if (kind.innerStay) Object.assign(known, found);
        const late = { texts: texts.filter(isLate), names: { ...within, steps: record(found) } };
        this.#expressions(step, kind, late);
      }
      const fields = step.broken === undefined ? step.fields : undefined;
      if (step.named) known[step.id] = step.broken === "kind" ? anyType : stepType(kind, fields);
    }
    return known;
  }

  #expressions(
    step: Step,
    kind: StepKind,
    { texts, names }: { texts: readonly Text[]; names: Names },
  ): void {
    const entries = { ...frameEntries, ...kind.entries };
    for (const { path, text } of texts) {
      const location = { file: step.at.file, path: [...step.at.path, ...path] };
      // Any value becomes a part of a command or a title.
      const isUntyped = [kind.command, "name", ...kind.late].includes(String(path[0])) ||
        step.broken !== undefined;
      const field = isUntyped ? undefined : { entries, inner: path };
      const known = path[0] === "until"
        ? { ...names, [resultName]: stepType(kind, step.fields) }
        : names;
      this.#text(location, text, known, field);
    }
  }

  async #step(step: Step, kind: StepKind): Promise<void> {
    const below = (path: SourcePath): SourceLocation => ({
      file: step.at.file,
      path: [...step.at.path, ...path],
    });
    for (const { path, text, problem } of commandProblems(step.fields, kind)) {
      const location = { file: step.at.file, path: [...step.at.path, ...path] };
      this.#part(location, { text, problem }, "shell-expression");
    }
    if (isNever(step.when)) {
      this.#report("unreachable-step", below(["when"]), "this is never true", "warning");
    }
    const { defaults } = this.workflow;
    const inherited = Object.entries(defaults).filter(([field]) =>
      Object.hasOwn(kind.entries, field)
    );
    for (const need of kind.needs({ ...Object.fromEntries(inherited), ...step.fields })) {
      if (hasExpression(need.what) || grants(this.workflow.permissions, need, this.#folder)) {
        continue;
      }
      const what = need.why === undefined ? "permissions" : `${need.why}, and permissions`;
      const message = `${what} don't grant it; it needs ${grantText(need)}`;
      this.#report("permission", below([kind.name]), message);
    }
    if (kind.inPods) this.#emptySelection(below(["select"]), step.fields.select);
    const used = this.uses.get(step);
    if (used !== undefined) await this.#with(used, below(["with"]), step.fields.with ?? {});
  }

  /** Checks the parameters that a step passes to another workflow. */
  async #with(used: FullWorkflow, location: SourceLocation, given: unknown): Promise<void> {
    const names = Object.keys(given as object);
    const known = used.params.map(({ name }) => name);
    for (const name of names.filter((one) => !known.includes(one))) {
      const near = await didYouMean(name, known);
      const message = `${used.name} has no parameter ${JSON.stringify(name)}${near}`;
      this.#report(
        "param",
        { ...location, path: [...location.path, name] },
        message,
        "error",
        "key",
      );
    }
    for (const { name, required } of used.params) {
      if (!required || names.includes(name)) continue;
      this.#report("param", location, `${used.name} needs the parameter ${JSON.stringify(name)}`);
    }
  }

  /** @param field the fields of which the text is one, and its path in them: their shape defines its type. */
  #text(
    location: SourceLocation,
    text: string,
    names: Names,
    field?: { entries: Entries; inner: SourcePath },
  ): void {
    this.onText?.(location, names);
    const { template, problems } = parseTemplate(text);
    const unknown = this.#unknownNames(template, names);
    const { type, problems: found } = checkTemplate(template, names);
    const isSound = problems.length + unknown.length + found.length === 0;
    const expected = isSound && field !== undefined
      ? misfit(field.entries, field.inner, type)
      : undefined;
    if (expected !== undefined) {
      this.#report("expression", location, `expected ${expected}, found ${typeNoun(type)}`);
    }
    const others = found.filter(({ start }) =>
      !unknown.some((one) => start >= one.start && start < one.end)
    );
    for (const problem of [...problems, ...unknown, ...others]) {
      this.#part(location, { text, problem: withNameHere(text, problem) }, "expression");
    }
    for (const { path: [first, second] } of namesUsed(template)) {
      if (first !== "params") continue;
      // `params` as a whole uses all of them.
      if (second !== undefined) this.#usedParams.add(second);
      else for (const { name } of this.workflow.params) this.#usedParams.add(name);
    }
  }

  /** Returns steps and variables that don't exist, with the reason in the terms of a workflow. */
  #unknownNames(template: Template, names: Names): ExpressionProblem[] {
    return namesUsed(template).flatMap(({ path: [first = "", name], start, end }) => {
      const known = names[first];
      if (first === "env" && name === undefined) {
        return [{ start, end, message: "expected a variable's own name, as in env.HOME" }];
      }
      if (name === undefined || known?.kind !== "record" || known.rest !== undefined) return [];
      if (Object.hasOwn(known.fields, name)) return [];
      const message = first === "steps"
        ? `no step before this has the id ${JSON.stringify(name)}${
          this.#whereIs(name) ?? idHint(name, Object.keys(known.fields))
        }`
        : first === "env"
        ? `permissions don't grant it; it needs ${grantText({ kind: "env", what: name })}`
        : undefined;
      if (message === undefined) return [];
      const at = template.source.indexOf(name, start + first.length);
      const isFound = at >= 0 && at + name.length <= end;
      return [{ ...(isFound ? { start: at, end: at + name.length } : { start, end }), message }];
    });
  }

  #whereIs(id: string): string | undefined {
    const { steps, finally: last } = this.workflow;
    if ([...steps, ...last].some((step) => step.named && step.id === id)) {
      return "; it is defined later";
    }
    const isWithin = withInner(steps).some((step) => step.named && step.id === id);
    return isWithin ? "; it is inside another step" : undefined;
  }

  /** Checks parameters that a variable provides: a variable that isn't granted isn't read, whatever uses it. */
  #variablesOfParams(): void {
    const { params, permissions } = this.workflow;
    for (const { env, at } of params) {
      if (env === undefined) continue;
      const need = { kind: "env", what: env } as const;
      if (grants(permissions, need, this.#folder)) continue;
      const location = { ...at, path: [...at.path, "env"] };
      this.#report(
        "permission",
        location,
        `permissions don't grant it; it needs ${grantText(need)}`,
      );
    }
  }

  #unusedParams(): void {
    for (const { name, at } of this.workflow.params) {
      if (this.#usedParams.has(name)) continue;
      this.#report("unused-param", at, "nothing uses this parameter", "warning", "key");
    }
  }

  #emptySelection(location: SourceLocation, select: unknown): void {
    const message = emptySelection(select ?? {});
    if (message !== undefined) this.#report("empty-selection", location, message, "warning", "key");
  }

  #part(
    { file, path }: SourceLocation,
    { text, problem }: { text: string; problem: ExpressionProblem },
    rule: Rule,
  ): void {
    const source = this.sources.get(file);
    if (source === undefined) return;
    const { start, end, message } = problem;
    const at = source.atPart(path, { text, start, end }, message);
    this.diagnostics.push({ ...at, severity: "error", rule, file: source.file });
  }

  #report(
    rule: Rule,
    { file, path }: SourceLocation,
    message: string,
    severity: Diagnostic["severity"] = "error",
    side: "key" | "value" = "value",
  ): void {
    const source = this.sources.get(file);
    if (source === undefined) return;
    const at = side === "key" ? source.atKey(path, message) : source.atValue(path, message);
    this.diagnostics.push({ ...at, severity, rule, file: source.file });
  }
}

function idHint(name: string, ids: readonly string[]): string {
  return ids.length === 0 ? "" : nameHint(name, ids);
}

/** Names within a step that can't be read, whatever its item is called. */
function anyNames({ fields }: Step, { inner }: StepKind): Record<string, Type> {
  const item = typeof fields.as === "string" ? fields.as : "item";
  return Object.keys(inner).length === 0
    ? {}
    : { [item]: anyType, index: anyType, failure: anyType, outcome: anyType, batch: anyType };
}

function withInner(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [step, ...withInner(Object.values(step.inner).flat())]);
}

function record(fields: Readonly<Record<string, Type>>): Type {
  return { kind: "record", fields };
}

/** Returns whether a condition is always false: it names nothing, and evaluates to something other than true. */
function isNever(when: Step["when"]): boolean {
  if (typeof when !== "string") return when === false;
  const { template, problems } = parseTemplate(when);
  if (problems.length > 0 || namesUsed(template).length > 0) return false;
  try {
    return evaluateDeep(when, {}) !== true;
  } catch {
    return false;
  }
}

/* Selections that can't match any pod. Pure. */

/** Returns why it can't match anything; undefined if it may match something. */
function emptySelection(select: unknown): string | undefined {
  const { match, exclude } = select as { match?: string | string[]; exclude?: string | string[] };
  const required = listed(match);
  const unwanted = listed(exclude).filter(isPlain);
  if (required.length === 0 || !required.every(isPlain)) return undefined;
  // A name that contains `drive-1` contains `drive` too.
  const covers = required.map((text) => unwanted.find((other) => text.includes(other)));
  if (covers.some((cover) => cover === undefined)) return undefined;
  return `it can match nothing: exclude ${JSON.stringify(covers[0])} leaves out all that match`;
}

function isPlain(text: string): boolean {
  return !text.includes(expressionMark) && !(text.length > 2 && /^\/.*\/$/.test(text));
}
