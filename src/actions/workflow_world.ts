/** What the engine of workflows asks of the world, made of the host. */
import type { RunScript } from "../workflow/model.ts";
import type { LocalWorld, World } from "../workflow/engine/world.ts";
import { type ContextFindings, noMatch, selectIn } from "./discover_targets.ts";
import { findPatiently } from "./find_patiently.ts";
import type { Host } from "./host.ts";

/** To open a stream to a server that is down, or to list its pods. */
const patienceMs = 15_000;

/** What a face adds. */
export interface WorldParts {
  local: LocalWorld;
  /** A variable that the workflow is granted. */
  env: World["env"];
  runScript: RunScript;
  /** Absent where there is nobody to ask. */
  ask?: World["ask"];
}

/** The world of a run. */
export function worldOf(host: Host, { local, env, runScript, ask }: WorldParts): World {
  return {
    clock: host.clock,
    env,
    local,
    runScript,
    ask: ask ?? (() => Promise.resolve(undefined)),
    copy: async (work) => {
      const { copyingOf } = await import("./copy_step.ts");
      return await copyingOf(host, work);
    },
    kube: (context) => host.kube(context),
    nonce: () => crypto.randomUUID(),
    open: async (target, request, signal) =>
      await (await host.kube(target.context)).exec(request, { signal }),
    find: async ({ contexts, selection }, signal) => {
      const find = findPatiently(selectIn(host, selection, signal), {
        clock: host.clock,
        signal,
        limit: Promise.resolve(patienceMs),
        told: () => {},
      });
      const asked = contexts.length === 0 ? [undefined] : [...new Set(contexts)];
      const found = await Promise.all(asked.map((context) => find(context)));
      const targets = found.flatMap((one) => one.targets);
      const skipped = found.flatMap((one) => one.skipped);
      return { targets, skipped, ...(targets.length > 0 ? {} : { none: noneText(found) }) };
    },
  };
}

function noneText(found: readonly ContextFindings[]): string {
  const { message, hint } = noMatch(found);
  return hint === undefined ? message : `${message}; ${hint}`;
}
