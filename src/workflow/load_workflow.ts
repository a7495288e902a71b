/**
 * Loads a workflow with all that it uses: reads every file once, collects the problems of all of them, and
 * checks the whole.
 */
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { FileError, shapeOf } from "../base/yaml/shape.ts";
import { type SourceFile, YamlSource } from "../base/yaml/source.ts";
import { checkWorkflow, type OnText } from "./check_workflow.ts";
import { type Diagnostic, isError, type Rule, sorted, WorkflowError } from "./diagnostics.ts";
import { findWorkflow, type WorkflowFiles, type WorkflowPaths } from "./find_workflow.ts";
import { type FullWorkflow, noPermissions, type Step } from "./model.ts";
import { absolute } from "./permissions.ts";
import { readFull, shapeDiagnostics } from "./read_full.ts";
import { isFile } from "./engine/run_in_sandbox.ts";
import { escaped } from "../expression/template.ts";
import { isFull, workflowShape } from "./short_form.ts";

/** A loaded workflow, with everything that it refers to. */
export interface Loaded {
  workflow: FullWorkflow;
  /** The workflows that its `workflow` steps use, transitively. */
  uses: ReadonlyMap<Step, FullWorkflow>;
  /** Every file that was read: trust is given to these. */
  files: readonly SourceFile[];
  /** Includes warnings. */
  diagnostics: readonly Diagnostic[];
}

/** The largest script that is read. */
const maxScriptBytes = 1024 * 1024;

/** Maximum number of files that refer to each other. */
const maxFiles = 64;

/**
 * Reads a workflow and everything that it refers to.
 *
 * @throws KodamaError `notFound` for the workflow itself; WorkflowError with every problem of all files.
 */
export async function loadWorkflow(
  files: WorkflowFiles,
  paths: WorkflowPaths,
  requested: string,
): Promise<Loaded> {
  const { workflow, sources: _, ...others } = await inspectWorkflow(files, paths, requested);
  if (workflow !== undefined && !others.diagnostics.some(isError)) return { workflow, ...others };
  throw new WorkflowError(others.diagnostics, paths.workingDir);
}

/** What an editor needs of an inspection beside its problems. */
interface InspectOptions {
  onText?: OnText;
  /** Files as an earlier inspection read them, by path: what didn't change isn't parsed again. */
  before?: ReadonlyMap<string, YamlSource>;
}

/** The same for callers that report problems: without a workflow if it can't be read at all. */
export async function inspectWorkflow(
  files: WorkflowFiles,
  paths: WorkflowPaths,
  requested: string,
  options: InspectOptions = {},
): Promise<
  & Omit<Loaded, "workflow">
  & { workflow?: FullWorkflow; sources: ReadonlyMap<string, YamlSource> }
> {
  const loader = new Loader(files, paths, options);
  const found = await findWorkflow(files, paths, requested);
  const workflow = await loader.load(found, []);
  const { uses, sources, diagnostics } = loader;
  const read = [...sources.values()].map(({ file }) => file);
  // A part that can't be read may use what seems unused.
  const reported = diagnostics.some(isError)
    ? diagnostics.filter(({ rule }) => rule !== "unused-param")
    : diagnostics;
  return {
    uses,
    sources,
    files: read,
    diagnostics: sorted(reported),
    ...(workflow && { workflow }),
  };
}

interface Found {
  name: string;
  path: string;
  text: string;
}

/** Loads one workflow. Used once. */
class Loader {
  readonly uses = new Map<Step, FullWorkflow>();
  readonly sources = new Map<string, YamlSource>();
  readonly diagnostics: Diagnostic[] = [];
  /** What was read, by path; undefined if it can't be read. */
  readonly #read = new Map<string, FullWorkflow | undefined>();

  constructor(
    private readonly files: WorkflowFiles,
    private readonly paths: WorkflowPaths,
    private readonly options: InspectOptions,
  ) {}

  /** @param above paths of the files that refer to this one, the outermost first. */
  async load(found: Found, above: readonly string[]): Promise<FullWorkflow | undefined> {
    if (this.#read.has(found.path)) return this.#read.get(found.path);
    const source = this.#parse(found);
    const workflow = source && await this.#readForm(found, source);
    this.#read.set(found.path, workflow);
    if (source === undefined || workflow === undefined) return undefined;
    await this.#follow(workflow, [...above, found.path]);
    await this.#requireScripts(workflow);
    const { onText } = this.options;
    this.diagnostics.push(...await checkWorkflow(workflow, this.sources, this.uses, onText));
    return workflow;
  }

  #parse({ path, text }: Found): YamlSource | undefined {
    const file = { path, text };
    try {
      const before = this.options.before?.get(path);
      const source = before === undefined
        ? YamlSource.parse(file)
        : YamlSource.parseEdited(file, before);
      this.sources.set(path, source);
      return source;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const wrong = shapeDiagnostics(file, error);
      this.diagnostics.push(...wrong.map((one) => ({ ...one, rule: "syntax" as const })));
      return undefined;
    }
  }

  async #readForm(found: Found, source: YamlSource): Promise<FullWorkflow | undefined> {
    if (!isFull(source.plain)) return await this.#readShort(found, source);
    const { workflow, diagnostics } = await readFull(source, found);
    this.diagnostics.push(...diagnostics);
    return workflow;
  }

  async #readShort(found: Found, source: YamlSource): Promise<FullWorkflow | undefined> {
    try {
      return await widened(source, found);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.diagnostics.push(...shapeDiagnostics(source.file, error));
      return undefined;
    }
  }

  /** Reports missing scripts before anything runs. Their content is read by the sandbox. */
  async #requireScripts({ path, steps, finally: last }: FullWorkflow): Promise<void> {
    const scripts = stepsOf("script", [...steps, ...last]);
    if (scripts.length === 0) return;
    const { syntaxProblem } = await import("./script_syntax.ts");
    for (const step of scripts) {
      const script = String(step.fields.script);
      const source = this.#sourceOf(step);
      if (source === undefined) continue;
      const at = [...step.at.path, "script"];
      if (!isFile(script)) {
        const problem = syntaxProblem(script);
        if (problem !== undefined) this.#wrong("step", source, at, problem);
        continue;
      }
      const file = absolute(script, path.slice(0, path.lastIndexOf("/")));
      const text = await this.files.readText(file, maxScriptBytes).catch((error: unknown) => {
        if (!(error instanceof KodamaError)) throw error;
        return error;
      });
      const message = typeof text === "string"
        ? syntaxProblem(text, script)
        : text?.message ?? `script ${script} not found`;
      if (message !== undefined) this.#wrong("uses", source, at, message);
    }
  }

  #sourceOf({ at }: Step): YamlSource | undefined {
    return this.sources.get(at.file);
  }

  /** Loads the workflows that the steps use. */
  async #follow(workflow: FullWorkflow, seen: readonly string[]): Promise<void> {
    for (const step of stepsOf("workflow", [...workflow.steps, ...workflow.finally])) {
      const source = this.#sourceOf(step);
      if (source === undefined) continue;
      const path = [...step.at.path, "workflow"];
      const from = { path: step.at.file };
      const found = await this.#find(String(step.fields.workflow), { source, path, from, seen });
      const used = found && await this.load(found, seen);
      if (used !== undefined) this.uses.set(step, used);
    }
  }

  async #find(
    requested: string,
    { source, path, from, seen }: {
      source: YamlSource;
      path: readonly (string | number)[];
      from: { path: string };
      seen: readonly string[];
    },
  ): Promise<Found | undefined> {
    try {
      const found = await findWorkflow(this.files, this.paths, resolved(requested, from.path));
      const first = seen.indexOf(found.path);
      if (first >= 0) {
        const names = [...seen.slice(first), found.path].map((one) => one.split("/").at(-1));
        this.#wrong("uses", source, path, `a cycle: ${names.join(" -> ")}`);
        return undefined;
      }
      if (this.sources.size < maxFiles) return found;
      this.#wrong("uses", source, path, `more than ${maxFiles} files lead to each other`);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      const hint = typeof error.hint === "string" && error.hint.startsWith("did you mean")
        ? `; ${error.hint}`
        : "";
      this.#wrong("uses", source, path, `${error.message}${hint}`);
    }
    return undefined;
  }

  #wrong(
    rule: Rule,
    source: YamlSource,
    path: readonly (string | number)[],
    message: string,
  ): void {
    const place = source.atValue(path, message);
    this.diagnostics.push({ ...place, severity: "error", rule, file: source.file });
  }
}

/** Resolves a path: one that starts with a dot is relative to the file that names it. */
export function resolved(requested: string, from: string): string {
  return requested.startsWith(".")
    ? absolute(requested, from.slice(0, from.lastIndexOf("/")))
    : requested;
}

/** Returns every step of a kind, at any depth. */
function stepsOf(kind: string, steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [
    ...(step.kind === kind && step.broken === undefined ? [step] : []),
    ...Object.values(step.inner).flatMap((inner) => stepsOf(kind, inner)),
  ]);
}

/* The short form beside the full one: recognized by its fields, and converted to one step. */

/** Converts a file of the short form to a workflow of one step. */
async function widened(
  source: YamlSource,
  { name, path }: { name: string; path: string },
): Promise<FullWorkflow> {
  const { version: _, description, command, ...others } = await shapeOf(source, workflowShape);
  const { commandTimeout, connectTimeout, fanout, outputMode, ...select } = others;
  const bounds = { commandTimeout, connectTimeout, fanout, outputMode };
  return {
    name,
    path,
    params: [],
    select: definedOnly(select),
    defaults: {},
    permissions: noPermissions,
    steps: [{
      id: "exec-1",
      named: false,
      kind: "exec",
      at: source.location([]),
      // Values of the short form are literal: `${{` has no meaning there.
      fields: { exec: literal(command), ...definedOnly(bounds) },
      inner: {},
      policy: {},
    }],
    finally: [],
    outputs: [],
    ...(description === undefined ? {} : { description }),
  };
}

function literal(command: string | string[]): string | string[] {
  return typeof command === "string" ? escaped(command) : command.map(escaped);
}
