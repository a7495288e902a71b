/**
 * Answers the questions of an editor about one workflow file: what can be written here, what does this mean, where is
 * it declared, what uses it. Pure but for reading files; nothing is run.
 */
import { visit } from "yaml";
import { parsedOrUndefined, type SourcePath, type YamlSource } from "../../base/yaml/source.ts";
import { type FunctionDeclaration, functions } from "../../expression/functions.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { eachMacros } from "../../expression/syntax.ts";
import { parseTemplate } from "../../expression/template.ts";
import { mayBe, type Type, typeNoun } from "../../expression/type.ts";
import type { Names } from "../check_workflow.ts";
import type { Diagnostic } from "../diagnostics.ts";
import {
  findWorkflow,
  listWorkflowFiles,
  type WorkflowFiles,
  type WorkflowPaths,
} from "../find_workflow.ts";
import { inspectWorkflow, resolved } from "../load_workflow.ts";
import type { FullWorkflow, Step } from "../model.ts";
import { absolute } from "../permissions.ts";
import {
  keyRange,
  openExpression,
  partRange,
  type Range,
  scalarAt,
  textAt,
  valueRange,
} from "./positions.ts";
import type { SchemaIndex } from "./schema_at.ts";

/** Something that can be written at a position. */
export interface EditorCompletion {
  readonly label: string;
  readonly kind: "name" | "function" | "field" | "value" | "workflow";
  /** Its type, or a note. */
  readonly detail?: string;
  readonly documentation?: string;
  /** Replaces the text from `start` to the position. */
  readonly start: number;
}

/** What is known of the text at a position. */
export interface Hover {
  readonly range: Range;
  readonly text: string;
}

/** A part of a file; the whole of it without a range. */
export interface Location {
  readonly path: string;
  readonly range?: Range;
}

/** A step in the outline of a file. */
export interface OutlineStep {
  readonly name: string;
  readonly detail: string;
  readonly range: Range;
  readonly steps: readonly OutlineStep[];
}

/** The files that an editor's answers depend on. */
interface EditorFiles {
  readonly files: WorkflowFiles;
  readonly paths: WorkflowPaths;
  readonly schema: SchemaIndex;
}

/** A step's id or a parameter, whose uses can be found. */
interface Symbol {
  readonly kind: "steps" | "params";
  readonly name: string;
}

/** One state of a file's text, checked. */
export class EditedWorkflow {
  private constructor(
    readonly path: string,
    readonly text: string,
    readonly diagnostics: readonly Diagnostic[],
    readonly environment: EditorFiles,
    /** The YAML of each file that was read; of this file an earlier text if the current one can't be read. */
    private readonly sources: ReadonlyMap<string, YamlSource>,
    /** The workflow of this text, or of the last one that could be read. */
    private readonly workflow: FullWorkflow | undefined,
    /** The names of each text with an expression, by the JSON of its path. */
    private readonly scopes: ReadonlyMap<string, Names>,
  ) {}

  /**
   * Checks a text. @param before the same file's earlier state: what it knew still helps if this text can't be read.
   */
  static async check(
    { path, text }: { path: string; text: string },
    environment: EditorFiles,
    before?: EditedWorkflow,
  ): Promise<EditedWorkflow> {
    const scopes = new Map<string, Names>();
    const { workflow, sources, diagnostics } = await inspectWorkflow(
      overlaid(environment.files, path, text),
      environment.paths,
      path,
      {
        onText: (place, names) => {
          if (place.file === path) scopes.set(JSON.stringify(place.path), names);
        },
        ...(before && { before: before.sources }),
      },
    );
    const isRead = workflow !== undefined;
    return new EditedWorkflow(
      path,
      text,
      diagnostics,
      environment,
      new Map([...before?.sources ?? [], ...sources]),
      isRead ? workflow : before?.workflow,
      isRead ? scopes : before?.scopes ?? scopes,
    );
  }

  /** Undefined if the text isn't YAML. */
  private get source(): YamlSource | undefined {
    const source = this.sources.get(this.path);
    return source?.file.text === this.text ? source : undefined;
  }

  /** Returns what can be written at an offset: names in expressions, fields, listed values, workflows. */
  async completionsAt(offset: number): Promise<EditorCompletion[]> {
    const open = this.source && openExpression(this.source, offset);
    if (open !== undefined) return this.#names(open.path, open.before, offset);
    const lineStart = this.text.lastIndexOf("\n", offset - 1) + 1;
    const before = this.text.slice(lineStart, offset);
    const key = /^(\s*(?:- +)*)([\w-]*)$/.exec(before);
    if (key !== null) {
      return this.#fields(lineStart, `${key[1]}${marker}:`, offset - (key[2] ?? "").length);
    }
    const value = /^(\s*(?:- +)*[\w-]+: +)([^\s#'"]*)$/.exec(before);
    if (value === null) return [];
    return await this.#values(lineStart, `${value[1]}${marker}`, offset - (value[2] ?? "").length);
  }

  /** Returns the meaning of the name or field at an offset. */
  hoverAt(offset: number): Hover | undefined {
    const use = this.#useAt(offset);
    if (use !== undefined) {
      const { path, range, names } = use;
      const type = typeAt(names, path);
      const of = path[0] === "params"
        ? this.workflow?.params.find(({ name }) => name === path[1])?.description
        : undefined;
      const described = `\`${path.join(".")}\`: ${type === undefined ? "unknown" : typeText(type)}`;
      return { range, text: of === undefined ? described : `${described}\n\n${of}` };
    }
    const scalar = this.source && scalarAt(this.source, offset);
    if (scalar === undefined || !scalar.isKey) return undefined;
    const text = this.environment.schema.descriptionAt(scalar.path, this.source?.plain);
    return text === undefined ? undefined : { range: scalar, text };
  }

  /** Returns the declaration of the step or parameter at an offset, or the file that it names. */
  async definitionAt(offset: number): Promise<Location | undefined> {
    const symbol = this.#symbolAt(offset);
    if (symbol !== undefined) {
      const range = this.#declaration(symbol);
      return range && { path: this.path, range };
    }
    const scalar = this.source && scalarAt(this.source, offset);
    const text = scalar && !scalar.isKey ? scalar.scalar.value : undefined;
    if (typeof text !== "string") return undefined;
    const field = scalar?.path.at(-1);
    if (field === "script" && /^\S+\.ts$/.test(text)) {
      return { path: absolute(text, this.path.slice(0, this.path.lastIndexOf("/"))) };
    }
    if (field !== "workflow") return undefined;
    const { files, paths } = this.environment;
    const found = await findWorkflow(files, paths, resolved(text, this.path)).catch(() =>
      undefined
    );
    return found && { path: found.path };
  }

  /** Returns the declaration and every use of the step or parameter at an offset, in the order of the file. */
  referencesAt(offset: number): Range[] {
    const symbol = this.#symbolAt(offset);
    if (symbol === undefined) return [];
    const declared = this.#declaration(symbol);
    const uses = this.#uses().filter(({ path }) =>
      path[0] === symbol.kind && path[1] === symbol.name
    )
      .map(({ name }) => name);
    return [...(declared === undefined ? [] : [declared]), ...uses]
      .toSorted((a, b) => a.start - b.start);
  }

  /**
   * Returns the ranges to replace so that the step or parameter at an offset has another name; undefined if there is
   * none at the offset, and a reason if the name can't be used.
   */
  renameAt(
    offset: number,
    name: string,
  ): { ranges: readonly Range[] } | { reason: string } | undefined {
    const symbol = this.#symbolAt(offset);
    if (symbol === undefined) return undefined;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
      return { reason: `${JSON.stringify(name)} is not a name: letters, digits and _` };
    }
    const taken = symbol.kind === "steps"
      ? this.#steps().some((step) => step.id === name)
      : this.workflow?.params.some((param) => param.name === name) === true;
    if (taken && name !== symbol.name) return { reason: `${symbol.kind}.${name} exists already` };
    return { ranges: this.referencesAt(offset) };
  }

  /** Returns the steps of the file as a tree. */
  outline(): OutlineStep[] {
    const of = (steps: readonly Step[]): OutlineStep[] =>
      steps.filter(({ at }) => at.file === this.path).flatMap((step) => {
        const range = this.source && valueRange(this.source, step.at.path);
        const inner = of(Object.values(step.inner).flat());
        const name = step.title ?? step.id;
        return range === undefined ? inner : [{ name, detail: step.kind, range, steps: inner }];
      });
    return this.workflow === undefined
      ? []
      : of([...this.workflow.steps, ...this.workflow.finally]);
  }

  #names(path: SourcePath, before: string, offset: number): EditorCompletion[] {
    const names = this.scopes.get(JSON.stringify(path));
    if (names === undefined) return [];
    const [, base = "", prefix = ""] =
      /((?:[A-Za-z_]\w*(?:\[\s*"[^"]*"\s*\])*\s*\.\s*)+)?([A-Za-z_]\w*)?$/.exec(before) ?? [];
    const start = offset - prefix.length;
    if (base === "") {
      const isMethod = /[)\]"']\s*\.\s*$/.test(before.slice(0, before.length - prefix.length));
      const own = isMethod ? [] : Object.entries(names).map(([label, type]): EditorCompletion => ({
        label,
        kind: "name",
        detail: typeNoun(type),
        start,
      }));
      return [...own, ...methods(undefined, start)];
    }
    const parts = [...base.matchAll(/[A-Za-z_]\w*|"([^"]*)"/g)].map(([name, quoted]) =>
      quoted ?? name
    );
    const type = typeAt(names, parts);
    if (type === undefined) return [];
    const fields = type.kind === "record" ? Object.entries(type.fields) : [];
    return [
      ...fields.map(([label, of]): EditorCompletion => ({
        label,
        kind: "name",
        detail: typeNoun(of),
        start,
      })),
      ...methods(type, start),
    ];
  }

  /** Puts a field of a made-up name in the place of the line: its parent says which fields can be there. */
  #fields(lineStart: number, line: string, start: number): EditorCompletion[] {
    const marked = this.#marked(lineStart, line);
    if (marked === undefined) return [];
    const { path, plain } = marked;
    const parent = path.slice(0, -1);
    const present = Object.keys(valueAt(plain, parent) ?? {});
    return this.environment.schema.fieldsAt(parent, plain)
      .filter(({ name }) => !present.includes(name))
      .map(({ name, description, required }): EditorCompletion => ({
        label: name,
        kind: "field",
        start,
        ...(required ? { detail: "required" } : {}),
        ...(description === undefined ? {} : { documentation: description }),
      }));
  }

  async #values(lineStart: number, line: string, start: number): Promise<EditorCompletion[]> {
    const marked = this.#marked(lineStart, line);
    if (marked === undefined) return [];
    const { path, plain } = marked;
    const field = path.at(-1);
    if (field === "workflow") {
      const { files, paths } = this.environment;
      const found = await listWorkflowFiles(files, paths);
      return found.filter((one) => one.path !== this.path)
        .map(({ name, path: detail }): EditorCompletion => ({
          label: name,
          kind: "workflow",
          detail,
          start,
        }));
    }
    return this.environment.schema.valuesAt(path, plain)
      .map((label): EditorCompletion => ({ label, kind: "value", start }));
  }

  /** Parses the text with another line in place of the one at an offset, and finds the marker in it. */
  #marked(lineStart: number, line: string): { path: SourcePath; plain: unknown } | undefined {
    const lineEnd = this.text.indexOf("\n", lineStart);
    const rest = lineEnd < 0 ? "" : this.text.slice(lineEnd);
    const text = `${this.text.slice(0, lineStart)}${line}${rest}`;
    const source = parsedOrUndefined({ path: this.path, text }, this.source);
    if (source === undefined) return undefined;
    const at = source.file.text.indexOf(marker, lineStart);
    let path: SourcePath | undefined;
    visit(source.document, {
      Scalar(_, scalar) {
        if (scalar.range?.[0] === at) path = scalarAt(source, at)?.path;
      },
    });
    return path && { path, plain: source.plain };
  }

  /** Returns the step or parameter that is declared or used at an offset. */
  #symbolAt(offset: number): Symbol | undefined {
    const isIn = ({ start, end }: Range) => offset >= start && offset <= end;
    const use = this.#uses().find(({ name }) => isIn(name));
    if (use !== undefined) return { kind: use.path[0] as Symbol["kind"], name: use.path[1] ?? "" };
    const symbols: Symbol[] = [
      ...this.#steps().map(({ id }): Symbol => ({ kind: "steps", name: id })),
      ...(this.workflow?.params ?? []).map(({ name }): Symbol => ({ kind: "params", name })),
    ];
    return symbols.find((symbol) => {
      const range = this.#declaration(symbol);
      return range !== undefined && isIn(range);
    });
  }

  #declaration({ kind, name }: Symbol): Range | undefined {
    if (this.source === undefined) return undefined;
    if (kind === "steps") {
      const step = this.#steps().find(({ id }) => id === name);
      return step && valueRange(this.source, [...step.at.path, "id"]);
    }
    const param = this.workflow?.params.find((one) =>
      one.name === name && one.at.file === this.path
    );
    return param && keyRange(this.source, param.at.path);
  }

  /** Returns the steps of this file that have an id, at any depth. */
  #steps(): Step[] {
    const of = (steps: readonly Step[]): Step[] =>
      steps.flatMap((step) => [step, ...of(Object.values(step.inner).flat())]);
    const { steps = [], finally: last = [] } = this.workflow ?? {};
    return of([...steps, ...last]).filter(({ named, at }) => named && at.file === this.path);
  }

  /** Returns every use of a step or parameter; `name` is the range of its own name. */
  #uses(): { path: readonly string[]; name: Range; names: Names }[] {
    const { source } = this;
    if (source === undefined) return [];
    return [...this.scopes].flatMap(([key, names]) => {
      const at = JSON.parse(key) as SourcePath;
      const text = textAt(source, at)?.text;
      if (text === undefined) return [];
      return namesUsed(parseTemplate(text).template).flatMap(({ path, start, end }) => {
        const [first = "", second] = path;
        if (second === undefined || first !== "steps" && first !== "params") return [];
        const own = text.indexOf(second, start + first.length);
        if (own < 0 || own + second.length > end) return [];
        const name = partRange(source, at, { start: own, end: own + second.length });
        return name === undefined ? [] : [{ path, name, names }];
      });
    });
  }

  /** Returns the name at an offset in an expression, up to the part that the offset is in. */
  #useAt(offset: number): { path: readonly string[]; range: Range; names: Names } | undefined {
    const { source } = this;
    const scalar = source && scalarAt(source, offset);
    const names = scalar && this.scopes.get(JSON.stringify(scalar.path));
    const text = source && scalar && textAt(source, scalar.path)?.text;
    if (source === undefined || names === undefined || text === undefined) return undefined;
    for (const use of namesUsed(parseTemplate(text).template)) {
      const range = partRange(source, scalar?.path ?? [], use);
      if (range === undefined || offset < range.start || offset > range.end) continue;
      // The parts up to the one under the cursor: of `steps.version.stdout` the step, if the cursor is on its name.
      let end = use.start;
      let depth = 0;
      for (const part of use.path) {
        end = text.indexOf(part, end) + part.length;
        depth++;
        if (range.start + (end - use.start) >= offset) break;
      }
      return {
        path: use.path.slice(0, depth),
        range: { start: range.start, end: range.start + (end - use.start) },
        names,
      };
    }
    return undefined;
  }
}

/** A name that no file contains. */
const marker = "kodama_completes_here";

/** Reads one file from an editor instead of the disk. */
function overlaid(files: WorkflowFiles, path: string, text: string): WorkflowFiles {
  return {
    listFiles: (folder) => files.listFiles(folder),
    readText: (wanted, maxBytes) =>
      wanted === path ? Promise.resolve(text) : files.readText(wanted, maxBytes),
  };
}

function valueAt(data: unknown, path: SourcePath): object | undefined {
  let value = data;
  for (const key of path) value = (value as Record<string | number, unknown> | null)?.[key];
  return typeof value === "object" && value !== null ? value : undefined;
}

/** Returns the type of a name with fields; undefined if it is unknown. */
function typeAt(names: Names, path: readonly string[]): Type | undefined {
  let type: Type | undefined = { kind: "record", fields: names };
  for (const name of path) {
    if (type.kind !== "record") return type.kind === "any" ? type : undefined;
    const next: Type | undefined = Object.hasOwn(type.fields, name) ? type.fields[name] : type.rest;
    if (next === undefined) return undefined;
    type = next;
  }
  return type;
}

function typeText(type: Type): string {
  if (type.kind !== "record") return typeNoun(type);
  const fields = Object.entries(type.fields).map(([name, of]) => `- \`${name}\`: ${typeNoun(of)}`);
  return fields.length === 0 ? typeNoun(type) : `a record\n\n${fields.join("\n")}`;
}

/** Returns the functions that can follow a value of a type, or that can begin an expression. */
function methods(of: Type | undefined, start: number): EditorCompletion[] {
  const fits = ({ takes: [first] }: FunctionDeclaration) =>
    of === undefined || first !== undefined && mayBe(of, first);
  const named = Object.entries(functions).filter(([, one]) => fits(one))
    .map(([label, { takes }]): EditorCompletion => ({
      label,
      kind: "function",
      detail: `(${takes.map(typeNoun).join(", ")})`,
      start,
    }));
  if (of !== undefined && of.kind !== "list" && of.kind !== "record" && of.kind !== "any") {
    return named;
  }
  const each = of === undefined ? [] : eachMacros.map((label): EditorCompletion => ({
    label,
    kind: "function",
    detail: "(item, expression)",
    start,
  }));
  return [...named, ...each];
}
