/** The objects that a kubectl command line prints, within a budget of characters. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import { flagValue } from "../../gate/kubectl_rating.ts";
import { withinBudget } from "../budget.ts";
import { settingsOf } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";
import type { KubectlPlan } from "./guard.ts";
import { withFlags } from "./preview.ts";
import type { KubectlProgram } from "./program.ts";

/** More isn't read: a list of this size can be narrowed by the server. */
const maxBytes = 256 * 1024 * 1024;

/** What was read. */
interface BudgetedRead {
  /** Of kubectl: the rest is empty if it isn't 0. */
  exitCode: number;
  text: string;
  /** What the text lacks, by its path. */
  omitted: readonly string[];
}

/**
 * Runs a command line that prints objects, and returns them within the budget.
 *
 * @throws UsageError if it doesn't print objects; KodamaError `server` if they are too large, or not JSON.
 */
export async function readWithinBudget(
  host: Host,
  kubectl: KubectlProgram,
  { args, judgement: { rating, line } }: KubectlPlan,
  { characters, signal }: { characters: number; signal: AbortSignal },
): Promise<BudgetedRead> {
  const format = flagValue(line, "--output", "-o");
  if (rating !== "read" || format !== "json" && format !== "yaml") {
    throw new UsageError("a budget is for objects that are read", {
      hint: hint`use it with ${option("output", "yaml")} or ${option("output", "json")}`,
    });
  }
  const { budget = {} } = await settingsOf(host);
  const { exitCode, stdout, isTruncated } = await kubectl.read(
    withFlags(args, ["--output", "json"]),
    { stderr: "pass", maxBytes, signal },
  );
  if (exitCode !== 0 || stdout === "") return { exitCode, text: "", omitted: [] };
  if (isTruncated) throw new KodamaError("server", "the objects are larger than 256 MiB");
  const { stringify } = await import("yaml");
  const textOf = (value: unknown) =>
    format === "json"
      ? `${JSON.stringify(value, null, 4)}\n`
      : stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  const { value, omitted } = withinBudget(parsed(stdout), {
    characters,
    measure: (value) => value === undefined ? 0 : textOf(value).length,
    ...(budget?.sections === undefined ? {} : { sections: budget.sections }),
    ...(budget?.listItems === undefined ? {} : { listItems: budget.listItems }),
    ...(budget?.depth === undefined ? {} : { depth: budget.depth }),
  });
  return { exitCode, text: textOf(value), omitted };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KodamaError("server", "kubectl printed something other than an object", {
      cause: error,
    });
  }
}
