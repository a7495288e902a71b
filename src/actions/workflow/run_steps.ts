/** A workflow in its full form: loaded, planned, trusted, run and recorded. */
import { workflowFiles } from "./workflow_files.ts";
import { hint, joinHints, option } from "../../base/hint.ts";
import { definedOnly, type JsonValue } from "../../base/json_value.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { RunEventData } from "../../exec/event_shapes.ts";
import { executeWorkflow } from "../../workflow/engine/engine.ts";
import { changedPaths, fingerprintOf, type ReadFile } from "../../sandbox/fingerprint.ts";
import {
  nothingRetained,
  type Retained,
  staticSteps,
} from "../../workflow/engine/step_identity.ts";
import {
  checkReads,
  omittedSteps,
  remainingOutputs,
  type StepChoice,
} from "../../workflow/choose_steps.ts";
import { overridesOf, type PastWorkflow } from "../../workflow/record.ts";
import {
  type ResumeFrom,
  retainedOf,
  stepChanges,
  undoneBy,
  wasAllOk,
} from "../../workflow/resume.ts";
import type { WhereOverrides } from "../../workflow/places.ts";
import type {
  Environment,
  FoundPods,
  LocalEnvironment,
  Question,
} from "../../workflow/engine/environment.ts";
import {
  type PlannedBefore,
  planOf,
  planWithChanges,
  type WorkflowPlan,
} from "../../workflow/full_plan.ts";
import { type Loaded, loadWorkflow } from "../../workflow/load_workflow.ts";
import type { FullWorkflow, Param, Step } from "../../workflow/model.ts";
import { type ParamTexts, paramValue, paramValues } from "../../workflow/params.ts";
import { noPlaces, ownWhere } from "../../workflow/places.ts";
import { requireChoice, selectFields, type Where } from "../../workflow/selection_fields.ts";
import { pastParts, remainingSteps, type RunScope } from "../../workflow/remaining_steps.ts";
import type { WorkflowEvent } from "../../workflow/step_events.ts";
import { choosingParams, evaluateDeep, variablesGranted } from "../../workflow/templates.ts";
import type { Confirm } from "../confirm_change.ts";
import type { Host } from "../host.ts";
import { recordId } from "../exec/record_file.ts";
import { WorkflowGate } from "./gate.ts";
import { environmentOf } from "./environment.ts";
import { ensureTrusted, type TrustAsk, type TrustNow } from "./trust.ts";
import { trustSubject } from "./trust_subject.ts";
import type { TrustedFiles } from "../../sandbox/trust.ts";
import type { StepPanes } from "../tmux/tmux.ts";
import { type RecordSink, WorkflowRecorder } from "./record_workflow.ts";
import type { Shard } from "../../workflow/shard.ts";

export type { PlannedStep, WorkflowPlan } from "../../workflow/full_plan.ts";
export type { Again, StepOutcome } from "../../workflow/step_events.ts";
export type { WhereOverrides } from "../../workflow/places.ts";
export { type StepChoice } from "../../workflow/choose_steps.ts";
export type { ParamTexts } from "../../workflow/params.ts";
export type { Confirm } from "../confirm_change.ts";
export type { Question } from "../../workflow/engine/environment.ts";

/** Asks the user. Absent if no one can be asked. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<string | undefined>;

/** The options of both a plan and a run. */
export interface StepsOptions {
  /** A name, or a path. */
  workflow: string;
  /** `--param`, as texts. */
  params: ParamTexts;
  overrides: WhereOverrides;
  /** Which of its steps run; all if absent. */
  choice?: StepChoice;
  /** An earlier run, and the point from which to resume it; `all` is from the start, with its parameters. */
  resume?: { run: PastWorkflow; from: ResumeFrom | { kind: "all" } };
  signal: AbortSignal;
}

/** The options of a run only. */
export interface RunStepsOptions extends StepsOptions {
  /** Questions whether to continue are answered with yes. */
  yes: boolean;
  /** Neither asked nor stored. */
  trustNow: TrustNow;
  ask?: Ask;
  /** What the front end adds to panes that steps open; absent if it can't open any. */
  panes?: () => Promise<StepPanes>;
  askTrust?: (question: TrustAsk) => Promise<boolean>;
  /** Confirms the changes of the run. If absent, no confirmation is needed (`--yes`). */
  confirm?: Confirm;
  /** A time limit of the run, in addition to the file's. `finally` follows. */
  deadlineMs?: number | undefined;
  /** Ends the steps of `finally` too. */
  finallySignal: AbortSignal;
  /** It is a shard of a run in the cluster; absent for a run of this machine. */
  journal?: Journal;
}

/** What a shard of a run in the cluster adds: nothing starts before the record has it. */
export interface Journal {
  /** The id of the run. */
  run: string;
  record: RecordSink & {
    /** Resolves when all lines so far are stored. Rejects if they can't be. */
    flushed(): Promise<void>;
  };
  shard: Shard;
  /** What earlier processes of this shard, and the run that it resumes, have ended. */
  retained: Retained;
  /** The run that it resumes. */
  rerunOf: string | undefined;
  /** Every parameter, with its value. */
  params: Readonly<Record<string, JsonValue>>;
  /** The variables that the workflow is granted. */
  env: Readonly<Record<string, string>>;
  /** How long pods are searched while the API server is down. */
  searchLimitMs: number;
}

/** The events of a run: the engine's, and the result of recording at the end. */
export type StepsEvent =
  | WorkflowEvent
  | ChangedSince
  | Extract<RunEventData, { event: "recorded" }>
  | Extract<RunEventData, { event: "notRecorded" }> & { record: { error: KodamaError } };

/** The differences from the run that this one resumes: the first event, if there are any. */
type ChangedSince = Extract<RunEventData, { event: "changedSince" }>;

/**
 * Returns what a run would do. Reads files, and lists pods; starts nothing.
 *
 * @throws as {@link runSteps}. A parameter without a value is null.
 */
export async function planSteps(host: Host, options: StepsOptions): Promise<WorkflowPlan> {
  const { workflow, uses } = await loadWorkflow(
    await workflowFiles(host),
    host.places,
    options.workflow,
  );
  const { local, runScript } = await host.workflowMachine();
  const env = await grantedVariables([workflow], local);
  const { values, missing } = await paramValues(workflow, options.params, env);
  const before = (options.resume?.run.header.params ?? {}) as Readonly<Record<string, JsonValue>>;
  const given = Object.entries(before).filter(([name]) => !options.params.has(name));
  const params = {
    ...Object.fromEntries(missing.map(({ name }) => [name, null])),
    ...values,
    ...Object.fromEntries(given),
  };
  const environment = environmentOf(host, { local, env, runScript });
  const readText = local.readText.bind(local);
  const scope = await scopeOfRun(workflow, options, { uses, params, readText });
  const { omitted } = scope;
  const { signal, resume } = options;
  const find = (where: Where) => environment.find(where, signal);
  const { remaining, before: earlier, done } = await remainingSteps(workflow, scope, {
    find: environment.find,
    run: resume?.run,
    signal,
  });
  const plan = await planOf(remaining, {
    ...{ params, overrides: options.overrides, uses, find },
    before: earlier,
  });
  return {
    ...plan,
    ...(omitted.size === 0 ? {} : {
      omitted: Object.fromEntries(
        [...omitted].filter(([key]) => !done.some(({ step }) => step === key)),
      ),
    }),
    ...(options.resume === undefined ? {} : { done }),
  };
}

/**
 * Returns which steps run: those that a person left out, what an earlier run provides, and which steps it has ended.
 *
 * @throws KodamaError `notFound` for a step that doesn't exist, `conflict` if a step reads one that doesn't run.
 */
async function scopeOfRun(
  workflow: FullWorkflow,
  { choice, resume }: Pick<StepsOptions, "choice" | "resume">,
  context: {
    uses: ReadonlyMap<Step, FullWorkflow>;
    params: Readonly<Record<string, JsonValue>>;
    readText: (path: string) => Promise<string | undefined>;
  },
): Promise<RunScope> {
  const omitted = choice === undefined ? new Map() : await omittedSteps(workflow, choice);
  const all = resume === undefined || resume.from.kind === "all"
    ? nothingRetained
    : retainedOf(resume.run, resume.from);
  if (choice === undefined && resume === undefined) return { omitted, retained: all, parts: [] };
  const { uses, params, readText } = context;
  const steps = await staticSteps({ workflow, uses, values: { params }, readText });
  // What a person chooses runs, even if it was done before.
  const isChosen = (key: string) =>
    choice?.only.some((one) => key === one || key.startsWith(`${one}/`)) === true;
  const chosen = steps.filter(({ key }) => isChosen(key));
  const isRetained = (identity: string) =>
    !chosen.some((step) =>
      [step.identity, step.key].some((one) =>
        identity === one || identity.startsWith(`${one}/`) || identity.startsWith(`${one}[`)
      )
    );
  const retained = {
    ...all,
    steps: new Map([...all.steps].filter(([identity]) => isRetained(identity))),
    targets: new Map([...all.targets].filter(([identity]) => isRetained(identity))),
  };
  const parts = pastParts(steps, retained, resume?.run);
  const provided = new Set(parts.flatMap(({ key, whole }) => whole === undefined ? [] : [key]));
  checkReads(workflow, omitted, provided);
  return { omitted, retained, parts };
}

/**
 * Returns the selection of the workflow, overridden by the command line: the pods that the user can pick from.
 *
 * @throws as {@link planSteps}; KodamaError `config` if only a run can resolve the selection.
 */
export async function selectionOfSteps(
  host: Host,
  { workflow: wanted, params: said, overrides, trust }: Omit<StepsOptions, "signal"> & {
    /** The check of trust comes first; absent if the workflow isn't going to run. */
    trust?: Pick<RunStepsOptions, "trustNow" | "askTrust">;
  },
): Promise<Where> {
  const loaded = await loadWorkflow(await workflowFiles(host), host.places, wanted);
  const { workflow } = loaded;
  if (trust !== undefined) await trusting(host, loaded, trust);
  const { local } = await host.workflowMachine();
  const env = await grantedVariables([workflow], local);
  const { values: params } = await paramValues(workflow, said, env);
  const select = selectFields(evaluateDeep(workflow.select, { params }));
  return ownWhere(select, { overrides, places: noPlaces }, `workflow ${workflow.name}`);
}

/**
 * Runs a workflow in its full form.
 *
 * @throws KodamaError `notFound` with the nearest names; WorkflowError with every problem of its files; UsageError for
 *   parameters; `forbidden` or `cancelled` if it isn't trusted; `conflict` if another run of its group is in progress.
 */
export async function* runSteps(
  host: Host,
  options: RunStepsOptions,
): AsyncGenerator<StepsEvent, void> {
  const { ask, panes, resume, journal } = options;
  const { loaded, trusted, env, params } = await prepareRun(host, options);
  const { workflow, uses } = loaded;
  const { local, runScript } = await host.workflowMachine(trusted);
  const run = journal?.run ?? recordId(host.clock.now());
  const files = [...trusted.texts].map(([path, text]) => ({ path, text }));
  const since = resume && await changedSince(resume, { loaded, files, params });
  const isChanged = since !== undefined &&
    [since.files, since.params, since.undoing, ...Object.values(since.steps)].some(({ length }) =>
      length > 0
    );
  const scope = await scopeOfRun(workflow, options, {
    uses,
    params,
    readText: (path) => Promise.resolve(trusted.texts.get(path)),
  });
  const { omitted } = scope;
  const retained = journal?.retained ?? scope.retained;
  const gate = new WorkflowGate(host, workflow, options.yes ? undefined : options.confirm);
  const environment = environmentOf(host, {
    env,
    confirmChange: (change, shown) => gate.mayChange(change, shown),
    local,
    runScript,
    ...(journal === undefined
      ? {}
      : { stored: () => journal.record.flushed(), retryLimitMs: journal.searchLimitMs }),
    ...(ask === undefined ? {} : { ask }),
    ...(panes === undefined ? {} : {
      openPanes: async (request) => {
        const { openPanes } = await import("../tmux/tmux.ts");
        return await openPanes(host, await panes(), request);
      },
    }),
  });
  const { remaining, before } = await remainingSteps(workflow, scope, {
    find: environment.find,
    run: resume?.run,
    signal: options.signal,
  });
  const planned = { ...loaded, workflow: remaining };
  if (!await mayBegin(gate, { loaded: planned, before, params, environment, options })) {
    throw declinedError();
  }
  await using recorder = await WorkflowRecorder.begin(host, run, {
    workflow,
    uses,
    files,
    params,
    overrides: options.overrides,
    choice: options.choice,
    rerunOf: journal?.rerunOf ?? resume?.run.header.id,
    ...(journal === undefined ? {} : { record: journal.record }),
  });
  if (isChanged) yield since;
  const running = { ...workflow, outputs: remainingOutputs(workflow, omitted) };
  const events = executeWorkflow(running, environment, {
    run,
    params,
    overrides: options.overrides,
    uses,
    yes: options.yes,
    deadlineMs: options.deadlineMs,
    retained,
    omitted,
    shard: journal?.shard,
    signal: options.signal,
    finallySignal: options.finallySignal,
  });
  for await (const event of events) {
    recorder.follow(event);
    if (event.event === "runEnded") {
      const error = await recorder.settled();
      yield error === undefined
        ? { event: "recorded", run }
        : { event: "notRecorded", error: error.message, record: { error } };
    }
    yield event;
  }
}

/** A run before its first step: its files as they are trusted, and its values. */
export interface PreparedRun {
  loaded: Loaded;
  trusted: TrustedFiles;
  /** Returns a variable that the workflow is granted. */
  env: Environment["env"];
  params: Readonly<Record<string, JsonValue>>;
}

/** Returns the run that the options describe; asks for missing parameters. @throws as {@link runSteps}. */
export async function prepareRun(host: Host, options: RunStepsOptions): Promise<PreparedRun> {
  const { journal } = options;
  const loaded = await loadWorkflow(await workflowFiles(host), host.places, options.workflow);
  const trusted = await trusting(host, loaded, options);
  if (journal !== undefined) {
    return { loaded, trusted, env: (name) => journal.env[name], params: journal.params };
  }
  const { local } = await host.workflowMachine();
  const env = await grantedVariables([loaded.workflow, ...loaded.uses.values()], local);
  return { loaded, trusted, env, params: await settledParams(loaded, options, env) };
}

/**
 * Asks about all changes of a run that starts elsewhere.
 *
 * @throws KodamaError `declined` if the person refuses; UsageError if no one can be asked.
 */
export async function confirmRun(
  host: Host,
  { loaded, env, params }: PreparedRun,
  options: RunStepsOptions,
): Promise<void> {
  const gate = new WorkflowGate(host, loaded.workflow, options.yes ? undefined : options.confirm);
  const environment = environmentOf(host, { ...await host.workflowMachine(), env });
  if (await mayBegin(gate, { loaded, params, environment, options })) return;
  throw declinedError();
}

function declinedError(): KodamaError {
  return new KodamaError("declined", "cancelled; nothing was run");
}

async function trusting(
  host: Host,
  loaded: Loaded,
  { trustNow, askTrust: ask }: Pick<RunStepsOptions, "trustNow" | "askTrust">,
): Promise<TrustedFiles> {
  return await ensureTrusted(host, await trustSubject(host, loaded), {
    trustNow,
    ...definedOnly({ ask }),
  });
}

/** Returns what has changed since the run that is resumed. */
async function changedSince(
  { run, from }: NonNullable<RunStepsOptions["resume"]>,
  { loaded: { workflow, uses }, files, params }: {
    loaded: Loaded;
    files: readonly ReadFile[];
    params: Readonly<Record<string, JsonValue>>;
  },
): Promise<ChangedSince> {
  const { header } = run;
  const now = await fingerprintOf(workflow.path, files);
  const changed = changedPaths(header.files, now);
  const before = header.params as Readonly<Record<string, JsonValue>>;
  const secrets = new Set(workflow.params.flatMap(({ name, secret }) => secret ? [name] : []));
  const others = Object.keys(params).filter((name) =>
    !secrets.has(name) && JSON.stringify(before[name] ?? null) !== JSON.stringify(params[name])
  );
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const context = {
    workflow,
    uses,
    values: { params },
    readText: (path: string) => Promise.resolve(texts.get(path)),
  };
  return {
    event: "changedSince",
    run: header.id,
    files: changed,
    params: others,
    steps: stepChanges(run, await staticSteps(context)),
    undoing: from.kind === "all" ? [] : undoneBy(run),
  };
}

/**
 * Checks the selections that are known before anything runs.
 *
 * @throws UsageError if one contradicts the command line; KodamaError `config` if nothing chooses its pods.
 */
async function checkSelections(
  workflow: FullWorkflow,
  input: {
    params: Readonly<Record<string, JsonValue>>;
    overrides: WhereOverrides;
    uses: ReadonlyMap<Step, FullWorkflow>;
  },
): Promise<void> {
  const nothing: FoundPods = { targets: [], skipped: [], dead: [], none: "" };
  const find = (where: Where) => {
    requireChoice(where);
    return Promise.resolve(nothing);
  };
  await planOf(workflow, { ...input, find });
}

/** Asks about the plan. A change that can't be planned yet, as its pods can't be listed, is confirmed before it. */
async function mayBegin(
  gate: WorkflowGate,
  { loaded: { workflow, uses }, before, params, environment, options }: {
    loaded: Loaded;
    /** What a rerun runs in some pods only. */
    before?: ReadonlyMap<Step, PlannedBefore>;
    params: Readonly<Record<string, JsonValue>>;
    environment: Environment;
    options: RunStepsOptions;
  },
): Promise<boolean> {
  const { overrides, signal } = options;
  await checkSelections(workflow, { params, overrides, uses });
  if (!gate.asks) return true;
  const found = new Map<string, Promise<FoundPods>>();
  const find = (where: Where) => {
    const key = JSON.stringify(where);
    const asked = found.get(key) ?? environment.find(where, signal);
    found.set(key, asked);
    return asked;
  };
  const { changes } = await planWithChanges(workflow, {
    ...{ params, overrides, uses, find },
    ...definedOnly({ before }),
  })
    .catch((error: unknown) => {
      if (signal.aborted || !(error instanceof KodamaError) || error instanceof UsageError) {
        throw error;
      }
      return { changes: [] };
    });
  return await gate.mayBegin(changes);
}

/** Returns the variables that these workflows are granted; all others appear unset. */
async function grantedVariables(
  workflows: readonly FullWorkflow[],
  { variables }: LocalEnvironment,
): Promise<Environment["env"]> {
  const names = new Set(workflows.flatMap(variablesGranted));
  const found = await variables([...names]);
  return (name) => found.get(name);
}

/** Returns every parameter with its value; the user is asked for missing ones. */
async function settledParams(
  { workflow }: Loaded,
  { params: said, overrides: { only }, ask, resume, signal }: RunStepsOptions,
  env: Environment["env"],
): Promise<Record<string, JsonValue>> {
  const { values, missing: unset } = await paramValues(workflow, said, env);
  const answered = only === undefined ? [] : choosingParams(workflow);
  const missing = unset.filter(({ name }) => !answered.includes(name));
  for (const { name } of unset) if (answered.includes(name)) values[name] = null;
  const before = (resume?.run.header.params ?? {}) as Readonly<Record<string, JsonValue>>;
  for (const { name } of workflow.params) {
    if (!said.has(name) && Object.hasOwn(before, name)) values[name] = before[name] ?? null;
  }
  const unknown = missing.filter(({ name }) => !Object.hasOwn(before, name));
  if (unknown.length > 0 && ask === undefined) throw missingError(unknown);
  for (const param of unknown) {
    const answer = await ask?.({
      text: `${param.name}${param.description === undefined ? "" : ` (${param.description})`}:`,
      choices: (param.enum ?? []).map(String),
      secret: param.secret,
      free: param.enum === undefined,
    }, signal);
    if (answer === undefined) throw missingError(unknown);
    values[param.name] = paramValue(param, answer);
  }
  return values;
}

function missingError(missing: readonly Param[]): UsageError {
  const names = missing.map(({ name }) => name);
  const flags = joinHints(names.map((name) => option("param", `${name}=…`)), " ");
  const noun = names.length === 1 ? "parameter" : "parameters";
  return new UsageError(`${noun} ${names.join(", ")} must be given`, { hint: flags });
}

/* Resumes a run of a workflow with steps from its record. */

export type { ResumeFrom } from "../../workflow/resume.ts";

/**
 * Returns the options of a rerun that its record has. The steps that a person left out stay so, unless others are
 * chosen.
 */
export function rerunScope(
  run: PastWorkflow,
  { resume, choice }: {
    resume: ResumeFrom | { kind: "all" };
    choice?: StepChoice | undefined;
  },
): Pick<StepsOptions, "workflow" | "overrides" | "resume" | "choice"> {
  const { path, overrides, choice: before } = run.header;
  return {
    workflow: path,
    overrides: overridesOf(overrides),
    resume: { run, from: resume },
    ...definedOnly({ choice: choice ?? before }),
  };
}

/** The options that only a new run can have. */
type RerunStepsOptions =
  & { resume: ResumeFrom | { kind: "all" } }
  & Omit<RunStepsOptions, "workflow" | "overrides" | "resume">;

/**
 * Resumes a run without repeating its completed steps; or repeats all of it with its parameters. The file is read
 * again, as a fix of it may be what the run needed: steps that have changed are run, and the first event lists the
 * changes.
 *
 * @throws KodamaError `notFound` for a step that the run didn't have; UsageError for secrets that must be given again;
 *   whatever {@link runSteps} throws.
 */
export async function* rerunSteps(
  host: Host,
  run: PastWorkflow,
  { resume, ...options }: RerunStepsOptions,
): AsyncGenerator<StepsEvent, void> {
  const { header } = run;
  const missing = header.secrets.filter((name) => !options.params.has(name));
  if (missing.length > 0) {
    throw new UsageError(`run ${header.id} had ${missing.join(", ")}, whose values aren't stored`, {
      hint: hint`give them again: ${
        joinHints(missing.map((name) => option("param", `${name}=…`)), " ")
      }`,
    });
  }
  if (resume.kind === "failed" && wasAllOk(run)) {
    throw new KodamaError("noMatch", `every step of run ${header.id} was ok`);
  }
  yield* runSteps(host, { ...options, ...rerunScope(run, { resume, choice: options.choice }) });
}
