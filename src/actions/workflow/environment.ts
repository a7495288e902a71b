/** The environment of the workflow engine, made from the host. */
import { plainHint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { LinkError } from "../../kube/failures.ts";
import type { RunScript } from "../../workflow/model.ts";
import type {
  DeadContext,
  Environment,
  LocalEnvironment,
} from "../../workflow/engine/environment.ts";
import { isAmong } from "../../workflow/selection_fields.ts";
import { type ContextFindings, noMatch, selectIn } from "../exec/discover_targets.ts";
import { findRetrying } from "../exec/find_retrying.ts";
import type { Host } from "../host.ts";

/** How long finding pods is retried while a server is down. */
const retryLimitMs = 15_000;
/** If there are other contexts, which wait for it. */
const amongOthersMs = 5000;
/** If an earlier step has given it up. */
const givenUpMs = 1000;

/** What a front end adds. */
export interface WorldParts {
  local: LocalEnvironment;
  /** A variable that the workflow is granted. */
  env: Environment["env"];
  runScript: RunScript;
  /** Absent if no one can be asked. */
  ask?: Environment["ask"];
  /** Absent for a plan, which changes nothing. */
  confirmChange?: Environment["confirmChange"];
}

/** Returns the environment of a run. */
export function environmentOf(
  host: Host,
  { local, env, runScript, ask, confirmChange }: WorldParts,
): Environment {
  const silent = new Set<string | undefined>();
  return {
    clock: host.clock,
    env,
    local,
    runScript,
    ask: ask ?? (() => Promise.resolve(undefined)),
    confirmChange: confirmChange ?? (() => Promise.resolve(false)),
    copy: async (work) => {
      const { copyingOf } = await import("./copy_step.ts");
      return await copyingOf(host, work);
    },
    kube: (context) => host.kube(context),
    nonce: () => crypto.randomUUID(),
    open: async (target, request, signal) =>
      await (await host.kube(target.context)).exec(request, { signal }),
    find: async ({ contexts, selection, only }, signal) => {
      const asked = contexts.length === 0 ? [undefined] : [...new Set(contexts)];
      const finding = asked.map(async (context): Promise<Answer> => {
        const limitMs = silent.has(context)
          ? givenUpMs
          : asked.length > 1
          ? amongOthersMs
          : retryLimitMs;
        const find = findRetrying(selectIn(host, selection, signal), {
          clock: host.clock,
          signal,
          limit: Promise.resolve(limitMs),
          onWait: () => {},
        });
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
      const targets = found.flatMap((one) => one.targets).filter((one) => isAmong(one, only));
      // Pods that the user has picked can be used.
      const skipped = only === undefined ? found.flatMap((one) => one.skipped) : [];
      const dead = answers.filter((one) => one.kind === "dead");
      return { targets, skipped, dead, ...(targets.length > 0 ? {} : { none: noneText(found) }) };
    },
  };
}

type Answer = Extract<ContextFindings, { kind: "found" }> | { kind: "dead" } & DeadContext;

/** The current context has no known name until it has answered. */
function nameOf(context: string | undefined, error: KodamaError): string {
  return context ?? (error instanceof LinkError ? error.failure.at.context : "current");
}

function noneText(found: readonly ContextFindings[]): string {
  const { message, hint } = noMatch(found);
  return hint === undefined ? message : `${message}; ${plainHint(hint)}`;
}
