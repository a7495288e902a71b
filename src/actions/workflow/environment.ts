/** The environment of the workflow engine, made from the host. */
import { plainHint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { LinkError } from "../../kube/failures.ts";
import type { RunScript } from "../../workflow/model.ts";
import type {
  Copying,
  CopyWork,
  DeadContext,
  Environment,
  LocalEnvironment,
} from "../../workflow/engine/environment.ts";
import type { Target } from "../../kube/select/target.ts";
import { isAmong, requireChoice } from "../../workflow/selection_fields.ts";
import { FoundPods } from "../../exec/found_pods.ts";
import { type ContextFindings, noMatch, selectIn } from "../exec/discover_targets.ts";
import { findRetrying } from "../exec/find_retrying.ts";
import type { Host } from "../host.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Copied } from "../../workflow/step_events.ts";
import type { CopyDirection } from "../copy/events.ts";
import { checkApart, localPathOf, plannedCopy } from "../copy/paths.ts";
import { ProgressBoard } from "../copy/progress.ts";
import { type CopyScene, copyTarget } from "../copy/copy_target.ts";

/** How long finding pods is retried while a server is down. */
const ownRetryLimitMs = 15_000;
/** If there are other contexts, which wait for it. */
const amongOthersMs = 5000;
/** If an earlier step has given it up. */
const givenUpMs = 1000;

/** What a front end adds. */
interface WorldParts {
  local: LocalEnvironment;
  /** A variable that the workflow is granted. */
  env: Environment["env"];
  runScript: RunScript;
  /** Absent if no panes can be opened from here. */
  openPanes?: Environment["openPanes"];
  /** Absent if no one can be asked. */
  ask?: Environment["ask"];
  /** Absent for a plan, which changes nothing. */
  confirmChange?: Environment["confirmChange"];
  /** How long finding pods is retried while the only server is down; 15 seconds if absent. */
  retryLimitMs?: number;
  /** Absent if nothing waits for the record. */
  stored?: () => Promise<void>;
}

/** Returns the environment of a run. */
export function environmentOf(
  host: Host,
  { local, env, runScript, ask, confirmChange, openPanes, stored, retryLimitMs = ownRetryLimitMs }:
    WorldParts,
): Environment {
  const silent = new Set<string | undefined>();
  const pods = new FoundPods(host.clock);
  return {
    clock: host.clock,
    env,
    local,
    runScript,
    ask: ask ?? (() => Promise.resolve(undefined)),
    confirmChange: confirmChange ?? (() => Promise.resolve(false)),
    copy: async (work) => {
      return await copyingOf(host, work);
    },
    kube: (context) => host.kube(context),
    openPanes: openPanes ??
      (() => Promise.reject(new KodamaError("environment", "no panes can be opened from here"))),
    ...(stored === undefined ? {} : { stored }),
    nonce: () => crypto.randomUUID(),
    open: async (target, request, signal) => {
      const client = await host.kube(target.context);
      await pods.requireSame(client, target, signal);
      return await client.exec(request, { signal });
    },
    find: async (where, signal) => {
      requireChoice(where);
      const { contexts, selection, only } = where;
      const asked = contexts.length === 0 ? [undefined] : [...new Set(contexts)];
      const finding = asked.map(async (context): Promise<Answer> => {
        const limitMs = silent.has(context)
          ? givenUpMs
          : asked.length > 1
          ? amongOthersMs
          : retryLimitMs;
        const limits = { signal, limit: Promise.resolve(limitMs), retries: true };
        const find = findRetrying(host, selectIn(host, selection, { outcomes: {} }), limits);
        try {
          const found = await find(context);
          silent.delete(context);
          return found;
        } catch (error) {
          if (signal.aborted || !(error instanceof KodamaError)) throw error;
          // A refusal by the only context is the step's own failure.
          if (asked.length === 1 && error.kind !== "unreachable") throw error;
          silent.add(context);
          return { kind: "dead", context: nameOf(context, error), reason: error.message };
        }
      });
      const answers = await Promise.all(finding);
      const found = answers.filter((one) => one.kind === "found");
      for (const { targets } of found) pods.add(targets);
      const targets = found.flatMap((one) => one.targets).filter((one) => isAmong(one, only));
      // Pods that the user has picked can be used.
      const skipped = only === undefined ? found.flatMap((one) => one.skipped) : [];
      const dead = answers.filter((one) => one.kind === "dead");
      const labelsOf = labelsIn(found);
      const none = targets.length > 0 ? {} : { none: noneText(found) };
      return { targets, skipped, dead, labelsOf, ...none };
    },
  };
}

type Answer = Extract<ContextFindings, { kind: "found" }> | { kind: "dead" } & DeadContext;

/** The current context has no known name until it has answered. */
function nameOf(context: string | undefined, error: KodamaError): string {
  return context ?? (error instanceof LinkError ? error.failure.at.context : "current");
}

/** Returns how to find the labels of a pod. They are only searched if a name is given to one. */
function labelsIn(found: readonly Extract<Answer, { kind: "found" }>[]) {
  const pods = new Map(
    found.flatMap(({ context, pods = [] }) =>
      pods.map(({ metadata }) =>
        [JSON.stringify([context, metadata?.namespace, metadata?.name]), metadata?.labels] as const
      )
    ),
  );
  return ({ context, namespace, pod }: Target) =>
    pods.get(JSON.stringify([context, namespace, pod])) ?? {};
}

function noneText(found: readonly ContextFindings[]): string {
  const { message, hint } = noMatch(found);
  return hint === undefined ? message : `${message}; ${plainHint(hint)}`;
}

/* A workflow's `copy` step, run by the code of `kodama cp`. */

/**
 * Returns the copy of a step; no target has started yet.
 *
 * @throws KodamaError if a local source can't be read; UsageError if two targets would write the same file.
 */
async function copyingOf(host: Host, work: CopyWork): Promise<Copying> {
  const { folder, targets, options, note, permit } = work;
  const way: Exclude<CopyDirection, { kind: "podToPods" }> = work.way.kind === "toPods"
    ? { ...work.way, kind: "toPods" }
    // Always per pod: the paths don't depend on how many pods a run happens to have.
    : { ...work.way, kind: "fromPods", perPod: true };
  const copies = targets.map(({ target, name }) => plannedCopy(way, target, name));
  checkApart(copies);
  for (const path of localPaths(way, work)) await permit(path);
  const files = await host.copyFiles();
  const local = way.kind === "toPods"
    ? await files.source(absolutePath(way.local, folder))
    : undefined;
  const board = new ProgressBoard(host.clock, () => {});
  const copied = new Map<string, Copied>();
  const nameOf = (target: number) => targets[target]?.name ?? "";
  const scene: CopyScene = {
    options: { ...options, way },
    files,
    workingDir: folder,
    local,
    sourcePod: undefined,
    meterOf: (target, expected) => board.meter(target, expected),
    doneBytes: (target) => board.done(target),
    nameOf,
    note: (target, text) => note(nameOf(target), text),
    resumable: new Set(),
    destinations: new Map(),
    ended: (target, { files, bytes }) =>
      void copied.set(nameOf(target), { to: copies[target]?.to ?? "", files, bytes }),
  };
  return { perform: (run) => copyTarget(scene, run), copied: (name) => copied.get(name) };
}

/** Returns every path of this machine that the copy reads or writes. */
function localPaths(
  way: Exclude<CopyDirection, { kind: "podToPods" }>,
  { folder, targets }: CopyWork,
): Set<string> {
  if (way.kind === "toPods") return new Set([absolutePath(way.local, folder)]);
  return new Set(
    targets.map(({ target, name }) => absolutePath(localPathOf(way, target, name), folder)),
  );
}
