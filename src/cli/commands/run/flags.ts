/** The flags that only workflows have. */
import type { ClusterOptions } from "../../../actions/cluster_run/submit.ts";
import type { TrustNow } from "../../../actions/workflow/trust.ts";
import type { StepChoice } from "../../../actions/workflow/run_steps.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import {
  BadValue,
  count,
  durationMs,
  type FlagValues,
  text,
  toggle,
  value,
  valueOr,
  values,
} from "../../parser/flag.ts";

const group = "Workflow";

/** The flags of `kodama run`. */
export const workflowFlags = {
  "param": values(
    "parameter of the workflow; repeat it for the items of a list",
    paramPair,
    { short: "p", placeholder: "NAME=VALUE", group, completion: { kind: "params" } },
  ),
  "only": values("run only this step, by its id", text, { placeholder: "STEP", group }),
  "skip": values("leave out this step", text, { placeholder: "STEP", group }),
  "start-at": value("leave out the steps before this one", text, { placeholder: "STEP", group }),
  "plan": toggle("print what would be done and where, and do nothing", { group }),
  "deadline": value(
    "time limit of the whole run; what runs then is ended as a timeout, and finally follows",
    durationMs,
    { group },
  ),
  "trust": toggle("run it although it is not trusted here; for CI", { group }),
  "locked": toggle("run it only as the kodama.lock beside it has it, without asking; for CI", {
    group,
  }),
};

/** Returns whether a workflow is trusted without a question. */
export function trustFlag({ trust, locked }: { trust: boolean; locked: boolean }): TrustNow {
  if (trust && locked) {
    throw new UsageError("--trust runs the workflow whatever it contains, --locked only as it is", {
      hint: "give one of them",
    });
  }
  return locked ? "locked" : trust;
}

const inCluster = { group: "In the cluster" };

/** How a run in the cluster is made. */
export const clusterFlags = {
  "image": value("kodama's image (default the setting runs.image)", text, {
    placeholder: "IMAGE",
    ...inCluster,
  }),
  "service-account": value(
    "existing service account for the run, instead of one with the rights of its plan",
    text,
    { placeholder: "NAME", ...inCluster },
  ),
  "shards": valueOr("number of pods that share the work", count, "1", { ...inCluster }),
  "retain": valueOr("how long the run and its records stay after its end", durationMs, "20d", {
    ...inCluster,
  }),
};

/** The flags of `kodama run` for a run in the cluster. */
export const inClusterFlags = {
  "in-cluster": toggle("run it in the cluster, as a Job that outlives this machine", inCluster),
  "detach": toggle("with --in-cluster: don't follow the run", inCluster),
  ...clusterFlags,
};

/** Returns the options of a run in the cluster. */
export function clusterOptions(flags: FlagValues<typeof clusterFlags>): ClusterOptions {
  const { image, "service-account": serviceAccount, shards, retain: retainMs } = flags;
  return { shards, retainMs, ...definedOnly({ image, serviceAccount }) };
}

/** Returns the chosen steps; undefined for all of them. */
export function stepChoice(
  flags: Pick<FlagValues<typeof workflowFlags>, "only" | "skip" | "start-at">,
): StepChoice | undefined {
  const { only, skip, "start-at": startAt } = flags;
  if (only.length + skip.length === 0 && startAt === undefined) return undefined;
  if (only.length > 0 && startAt !== undefined) {
    throw new UsageError("--only and --start-at can't be used together");
  }
  return { only, skip, ...definedOnly({ startAt }) };
}

/** Returns the parameters by name: one that is repeated has all of its texts. */
export function paramTexts(
  pairs: readonly (readonly [name: string, value: string])[],
): Map<string, string | readonly string[]> {
  const texts = Map.groupBy(pairs, ([name]) => name);
  return new Map(
    [...texts].map(([name, all]) => {
      const values = all.map(([, value]) => value);
      return [name, values.length === 1 ? values[0] ?? "" : values];
    }),
  );
}

/** `NAME=VALUE`; the value may be empty, and may contain `=`. */
function paramPair(raw: string): readonly [name: string, value: string] {
  const at = raw.indexOf("=");
  if (at < 1) throw new BadValue(raw, "must be NAME=VALUE");
  return [raw.slice(0, at), raw.slice(at + 1)];
}
