/** The context of one attempt at one step, made from the run's. */
import { hint, option } from "../../base/hint.ts";
import { targetKey } from "../../exec/target_names.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import type { FullWorkflow, Step } from "../model.ts";
import { listPrefix } from "../inner_lists.ts";
import { emptyOutput } from "../names.ts";
import { absolute, grants, grantText, isWithin } from "../permissions.ts";
import { ownWhere, placesIn, whereIn } from "../places.ts";
import { type SelectFields, selectFields, type Where } from "../selection_fields.ts";
import { stepLine, stepReason, timeoutAfter, type WorkflowEvent } from "../step_events.ts";
import { stepKind } from "../step_registry.ts";
import { evaluateDeep, textsIn } from "../templates.ts";
import { narrowed, type RequestedTarget, type StepTarget } from "./named_targets.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import { namesIn, type Scope, within } from "./scope.ts";
import type { Attempt, RunningStep } from "./attempt.ts";
import type { Batch, InnerOptions, StepContext } from "./step_context.ts";
import { failureOf, type InnerEnd, isGood } from "./failure.ts";
import { messageAt } from "./policy.ts";
import { roundIdentity } from "./step_identity.ts";
import type { LocalEnvironment } from "./environment.ts";
import { isInShard, type Shard } from "../shard.ts";

/** An object without a class: a script call replaces parts of it. */
export function makeStepContext(run: RunningStep, at: Attempt): StepContext {
  const { runner, step, kind, key, identity, scope, held, hidden } = run;
  const { signal, runSignal, limitMs, expired, done, seen, isRepeated } = at;
  const { environment, yes, uses, names, lastSignal, emit, shown, stored, shard, runUsed } =
    runner.options;
  const ask: StepContext["ask"] = async (question) => {
    await shown();
    return await environment.ask(question, signal);
  };
  const { workflow } = scope;
  const folder = workflow.path.slice(0, workflow.path.lastIndexOf("/")) || "/";
  const inner = (list: string) => step.inner[list] ?? [];
  /** Returns the scope of a list. */
  const below = (list: string, { names = {}, round, batch, isConfirmed = false }: InnerOptions) => {
    // A pod that was replaced hasn't had any of the steps.
    const keys = batch?.targets.map(({ target }) => [targetKey(target), target.uid ?? ""].join(" "))
      .toSorted();
    const own = round !== undefined
      ? roundIdentity(round.item, round.before)
      : keys === undefined
      ? ""
      : roundIdentity(keys, 0);
    return within(scope, key, {
      names,
      part: round?.part ?? batch?.index.toString() ?? "",
      batch: batch && {
        where: restricted(context.where(batch.fields.select as SelectFields | undefined), batch),
        targets: batch.targets,
        failed: new Set(),
      },
      prefix: listPrefix(kind, list),
      shared: kind.innerStay,
      identity: identity + own,
      isFresh: isRepeated,
      isConfirmed,
    });
  };
  const context: StepContext = {
    environment,
    workflow,
    key,
    signal,
    limitMs,
    retained: done,
    record: (target, name) => names.record(target, name),
    emit: async (event: WorkflowEvent) => {
      if (event.event === "targetEnded") seen.push(event.record);
      if (event.event === "line" && hidden !== undefined) hidden.push(event);
      else await emit(event);
    },
    starts: async ({ name, target }) => {
      const at = environment.clock.now().toISOString();
      await emit({ event: "targetStarted", step: key, name, at, record: { target } });
      await stored();
    },
    line: (text, stream = "stdout") => void context.emit(stepLine(key, text, { stream })),
    batchSize: scope.batch?.targets.length,
    where: (select) =>
      select !== undefined
        ? whereIn(select, placesIn(whereAround(scope), scope), `step ${step.id}`)
        : whereAround(scope),
    targets: async ({ select, targets }) =>
      ofShard(await targetsOf(select as SelectFields | undefined, targets), shard),
    inner: async (list, options = {}) => {
      const { unlimited = false, last = false, outputs } = options;
      const here = below(list, options);
      const end = await runner.sequence(inner(list), here, {
        signal: last ? lastSignal : unlimited ? runSignal : signal,
        whatever: last,
      });
      if (options.batch !== undefined && here.batch !== undefined) {
        end.failedTargets = here.batch.failed;
      }
      if (outputs !== undefined && isGood(end.outcome)) {
        return withOutputs(end, outputs, { step, scope: here });
      }
      return end.outcome.kind === "cancelled" && !unlimited && expired()
        ? timedOut(end, limitMs ?? 0)
        : end;
    },
    omit: (list) => omitSteps(inner(list), scope.steps),
    innerAtOnce: (list) => {
      const all = below(list, {});
      const among = inner(list);
      return Promise.all(among.map((one) => runner.sequence([one], all, { signal, among })));
    },
    usedWorkflow: async (params) => {
      const used = uses.get(step);
      if (used === undefined) {
        throw new KodamaError("notFound", "the workflow no longer exists");
      }
      return await runUsed(used, params, {
        key,
        identity,
        isFresh: scope.isFresh,
        isQuiet: scope.isQuiet,
        isConfirmed: scope.isConfirmed,
        places: placesIn(whereAround(scope), scope),
        signal,
      });
    },
    titlesOf: (list) =>
      inner(list).map(({ kind, title, fields }) => title ?? stepKind(kind).plan(fields).does),
    holdOpen: (resource) => void held.use(resource),
    confirm: async (question) => {
      if (yes) return true;
      const answer = await ask({ text: question, choices: [], secret: false, free: false });
      if (answer !== undefined) return answer === "yes";
      throw new UsageError("the step needs confirmation, and no terminal is available to ask on", {
        hint: hint`pass ${option("yes")} to run it anyway`,
      });
    },
    confirmChange: async (action, targets, options = {}) =>
      scope.isConfirmed ||
      await environment.confirmChange({ step: step.id, action, targets, ...options }, shown),
    ask,
    paramsIn: (field) =>
      textsIn(step.fields[field], []).flatMap(({ text }) =>
        namesUsed(parseTemplate(text).template).flatMap(({ path: [first, name] }) =>
          first === "params" && name !== undefined ? [name] : []
        )
      ),
    create: async (path) =>
      await environment.local.create(await context.requirePath("write", path)),
    require: (kind, what) => {
      const need = { kind, what };
      if (grants(workflow.permissions, need, folder)) return;
      throw new KodamaError("forbidden", `permissions don't grant ${kind} ${what}`, {
        hint: grantText(need),
      });
    },
    requirePath: (kind, what) => grantedPath(workflow, { kind, what }, environment.local),
  };
  return context;

  /** Returns the current pods of a batch, or the requested ones. @throws NoMatchError if one is missing. */
  function ofBatch(
    batch: readonly StepTarget[],
    found: readonly StepTarget[],
    requested: unknown,
  ): StepTarget[] {
    const contexts = new Set(batch.map(({ target }) => target.context));
    const all = found.filter(({ target }) => contexts.has(target.context));
    if (requested !== undefined) {
      return narrowed(all, [requested].flat() as RequestedTarget[], names);
    }
    return narrowed(all, batch.map(({ name }) => name), names);
  }

  async function targetsOf(
    select: SelectFields | undefined,
    requested: unknown,
  ): Promise<StepTarget[]> {
    const where = context.where(select);
    const found = await environment.find(where, signal);
    if (found.targets.length + found.dead.length === 0) {
      throw new NoMatchError(found.none ?? "no pod matches");
    }
    // Given names are of pods that could be used.
    if (found.skipped.length > 0 && requested === undefined) {
      for (const { namespace, pod, reason } of found.skipped) {
        await emit({ event: "podSkipped", step: key, context: null, namespace, pod, reason });
      }
    }
    const severalContexts = new Set(where.contexts).size > 1;
    const all = names.named(found, severalContexts);
    const batch = select === undefined ? scope.batch?.targets : undefined;
    if (batch !== undefined) return ofBatch(batch, all, requested);
    if (requested === undefined) return all;
    return narrowed(all, [requested].flat() as RequestedTarget[], names);
  }
}

/** Returns the targets of a shard, which know their positions among all of them. */
function ofShard(all: StepTarget[], shard: Shard | undefined): StepTarget[] {
  if (shard === undefined || shard.count === 1) return all;
  const there = all.filter(({ unreachable }) => unreachable === undefined);
  const own = there.flatMap((one, index) =>
    isInShard(one.target, shard) ? [{ ...one, position: { index, total: there.length } }] : []
  );
  // Each shard can't reach the same contexts: the first one reports them.
  const dead = shard.index === 0 ? all.filter((one) => !there.includes(one)) : [];
  return [...own, ...dead];
}

/** Gives steps that don't run empty outputs, and the inner steps that later steps know as well. */
export function omitSteps(steps: readonly Step[], outputs: Scope["steps"]): void {
  for (const step of steps) {
    const kind = stepKind(step.kind);
    outputs[step.id] = { ...emptyOutput(kind), outcome: "skipped" };
    if (kind.innerStay) omitSteps(Object.values(step.inner).flat(), outputs);
  }
}

/** Returns the end of steps with their outputs; a failure if one of these can't be evaluated. */
function withOutputs(
  end: InnerEnd,
  outputs: Readonly<Record<string, string>>,
  { step, scope }: { step: Step; scope: Scope },
): InnerEnd {
  const values: Record<string, JsonValue> = {};
  for (const [name, template] of Object.entries(outputs)) {
    try {
      values[name] = evaluateDeep(template, namesIn(scope)) as JsonValue;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      const reason = `outputs.${name}: ${messageAt(error, step.at)}`;
      const outcome = { kind: "failed", reason } as const;
      return { outcome, failure: failureOf(step.id, outcome) };
    }
  }
  return { ...end, outputs: values };
}

/** Returns the end of steps that a time limit has cancelled. */
function timedOut(end: InnerEnd, afterMs: number): InnerEnd {
  const outcome = timeoutAfter(afterMs);
  const { failure } = end;
  return {
    ...end,
    outcome,
    ...(failure && { failure: { ...failure, outcome: "timeout", reason: stepReason(outcome) } }),
  };
}

/** Returns a selection without the pods that aren't in a batch. A sample doesn't drop any that are. */
function restricted({ contexts, selection }: Where, { targets }: Pick<Batch, "targets">): Where {
  const { sample: _, ...all } = selection;
  const only = targets.map(({ target: { context, namespace, pod } }) => ({
    context,
    namespace,
    pod,
  }));
  return { contexts, selection: all, only };
}

/** Returns the selection of steps that have none of their own: that of the batch, or of the workflow. */
function whereAround(scope: Scope): Where {
  if (scope.batch !== undefined) return scope.batch.where;
  const { workflow: { name, select } } = scope;
  const fields = selectFields(evaluateDeep(select, namesIn(scope)));
  return ownWhere(fields, scope, `workflow ${name}`);
}

/**
 * Returns the absolute path of what a step names, without resolving links, if the resolved path is granted. A relative
 * path in a grant is below the workflow's folder: a link there grants nothing outside of it.
 *
 * @throws KodamaError `forbidden`.
 */
async function grantedPath(
  { path: file, permissions }: FullWorkflow,
  { kind, what }: { kind: "read" | "write"; what: string },
  { realPath, protectedPaths }: Pick<LocalEnvironment, "realPath" | "protectedPaths">,
): Promise<string> {
  const folder = file.slice(0, file.lastIndexOf("/")) || "/";
  const path = absolute(what, folder);
  const grant = permissions[kind];
  const [realFile, home] = await Promise.all([realPath(path), realPath(folder)]);
  const own = kind === "read" ? [] : await Promise.all(protectedPaths.map(realPath));
  if (own.some((one) => isWithin(realFile, one))) {
    // A step that could write there could trust itself.
    throw new KodamaError("forbidden", `no step writes to kodama's own folder: ${what}`);
  }
  if (grant === true) return path;
  const granted = grant === false
    ? []
    : await Promise.all(grant.map((one) => one.startsWith("/") ? realPath(one) : one));
  if (grants({ ...permissions, [kind]: granted }, { kind, what: realFile }, home)) return path;
  const isLink = grants(permissions, { kind, what: path }, folder);
  const leads = isLink ? `, to which ${what} leads` : "";
  const named = isLink ? realFile : what;
  throw new KodamaError("forbidden", `permissions don't grant ${kind} ${named}${leads}`, {
    hint: grantText({ kind, what: named }),
  });
}
