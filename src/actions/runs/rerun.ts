/** Runs a past run again: its command, in its targets. */
import { action, hint, joinHints, option } from "../../base/hint.ts";
import { definedOnly } from "../../base/json_value.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { exec } from "../exec/exec.ts";
import type { ExecEvent, ExecOptions } from "../exec/events.ts";
import type { Host } from "../host.ts";
import { findRun, type PastRun, type RecordedTarget } from "./past_runs.ts";

/** Which run, which of its targets, and the options that only a new run can have. */
export interface RerunOptions extends
  Omit<
    ExecOptions,
    "contexts" | "selection" | "earlier" | "command" | "shell" | "substitute" | "workflow"
  > {
  /** An id or a prefix of one; the last run if absent. */
  run?: string;
  /** Only the targets whose outcome wasn't ok, or isn't known. */
  failed: boolean;
  /** Accepts recreated pods of the same names. */
  recreated: boolean;
}

/**
 * Runs a past run again. Its limits apply if the options have none.
 *
 * @throws KodamaError `notFound` for a run that isn't stored, `conflict` for one that can't be run again from
 *   its record, `noMatch` if none of its targets is selected; UsageError for options that must be given again.
 */
export async function* rerun(host: Host, options: RerunOptions): AsyncGenerator<ExecEvent, void> {
  const { run: wanted, failed, recreated, ...given } = options;
  const run = await findRun(host, wanted);
  yield* exec(host, { ...rerunOptions(run, { failed, recreated }), ...checked(run, given) });
}

/** Returns the targets of a rerun. Throws `noMatch` if there is none. */
export function targetsToRerun({ header, targets }: PastRun, failed: boolean): RecordedTarget[] {
  const chosen = targets.filter(({ end }) => !failed || end?.outcome !== "ok");
  if (chosen.length > 0) return chosen;
  throw new KodamaError(
    "noMatch",
    failed ? `every target of run ${header.id} was ok` : `run ${header.id} had no targets`,
  );
}

function rerunOptions(
  run: PastRun,
  { failed, recreated }: { failed: boolean; recreated: boolean },
): Omit<ExecOptions, "signal"> {
  const { id, command, shell, subst, workdir, workflow, bounds } = run.header;
  const chosen = targetsToRerun(run, failed);
  return {
    contexts: [],
    selection: wholeSelection,
    earlier: {
      run: id,
      targets: chosen.map(({ target }) => target),
      positions: chosen.map(({ position }) => position),
      recreated,
    },
    command,
    shell,
    substitute: subst,
    ...(workdir === null ? {} : { workdir }),
    ...(workflow === null ? {} : { workflow }),
    ...definedOnly(bounds),
  };
}

type GivenOptions = Omit<RerunOptions, "run" | "failed" | "recreated">;

/** Options that weren't stored must be given again, and omitted ones can't be run. */
function checked({ header }: PastRun, given: GivenOptions): GivenOptions {
  if (header.redacted) {
    throw new KodamaError("conflict", `run ${header.id} can't be run again from its record`, {
      hint: "its command held what looks like a secret, which isn't stored",
    });
  }
  if (header.tty) {
    throw new KodamaError("conflict", `run ${header.id} had a terminal, and can't be run again`);
  }
  if (header.copy) {
    throw new KodamaError(
      "conflict",
      `run ${header.id} was a copy, which isn't made from its record`,
      {
        hint: hint`run the same ${action("cp")} again: it resumes from what has arrived`,
      },
    );
  }
  const missing = header.env.filter((name) => !Object.hasOwn(given.environment ?? {}, name));
  if (missing.length > 0) {
    throw new UsageError(`run ${header.id} set ${missing.join(", ")}, whose values aren't stored`, {
      hint: hint`give them again: ${
        joinHints(missing.map((name) => option("env", `${name}=…`)), " ")
      }`,
    });
  }
  if (header.stdin && given.stdin === undefined) {
    throw new UsageError(`run ${header.id} read standard input, which isn't stored`, {
      hint: hint`give it again, with ${option("stdin")}`,
    });
  }
  return given;
}
