/** Lists, reads and finds past runs by their id. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import { runsFolder } from "../../config/paths.ts";
import {
  type FoundRun,
  onlySection,
  type PastRun,
  type PastWorkflow,
  readRunRecord,
} from "../../runs/past_run.ts";
import type { Host } from "../host.ts";
import { recordEnding } from "../exec/record_file.ts";

export type {
  FoundRun,
  PastRun,
  PastSection,
  PastStep,
  PastTarget,
  PastWorkflow,
  RecordedTarget,
} from "../../runs/past_run.ts";
export { sectionsOf } from "../../runs/past_run.ts";
export { endData, stepError } from "../../workflow/step_events.ts";
export type { RecordHeader } from "../../exec/event_shapes.ts";

/** The size limit of a record. */
const maxRecordBytes = 64 * 1024 * 1024;

/** How many ids (the newest) the error of an ambiguous prefix lists. */
const shownIds = 3;

/** A record in a list: its content, or why it can't be read. */
export type ListedRun =
  | { kind: "run"; id: string; run: PastRun }
  | { kind: "workflow"; id: string; run: PastWorkflow }
  | { kind: "unreadable"; id: string; error: KodamaError };

/** Returns the newest runs first, at most `limit` of them, and how many records there are. */
export async function listRuns(
  host: Host,
  limit: number,
): Promise<{ runs: ListedRun[]; total: number }> {
  const ids = await runIds(host);
  const newest = ids.toReversed().slice(0, limit);
  const listed: ListedRun[] = [];
  // One after the other: records may be large, and only a few of their lines are retained.
  for (const id of newest) {
    try {
      const run = await readRun(host, id);
      if (run !== undefined) listed.push({ id, ...run });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      listed.push({ kind: "unreadable", id, error });
    }
  }
  return { runs: listed, total: ids.length };
}

/**
 * Returns the run of one command, by its id or a prefix of it; the last run if none is given.
 *
 * @throws KodamaError `notFound` if no run matches, or several do; `conflict` if it is one of a workflow with steps.
 */
export async function findRun(host: Host, wanted: string | undefined): Promise<PastRun> {
  const found = await findAnyRun(host, wanted);
  if (found.kind === "run") return found.run;
  const { id, workflow, path } = found.run.header;
  throw new KodamaError("conflict", `run ${id} is one of the workflow ${workflow}, with steps`, {
    hint: `its file is ${path}`,
  });
}

/**
 * Returns the run of an id or a prefix of one; the last run if none is given.
 *
 * @throws KodamaError `notFound` if no run matches, or several do.
 */
export async function findAnyRun(host: Host, wanted: string | undefined): Promise<FoundRun> {
  const ids = await runIds(host);
  const matching = wanted === undefined ? ids.slice(-1) : ids.filter((id) => id.startsWith(wanted));
  const [id, other] = matching;
  if (id === undefined) throw await noRun(wanted, ids);
  if (other !== undefined) {
    const newest = matching.slice(-shownIds).reverse().join(", ");
    const more = matching.length > shownIds ? ` and ${matching.length - shownIds} more` : "";
    throw new KodamaError("notFound", `several runs start with "${wanted}": ${newest}${more}`, {
      hint: hint`a few more of its characters are enough; ${action("runs.list")} shows what ran`,
    });
  }
  const run = await readRun(host, id);
  if (run === undefined) throw await noRun(id, ids);
  return run;
}

/**
 * Returns the run to compare with: the one that it repeats, or else the newest earlier one of the same command or
 * workflow in the same namespaces.
 *
 * @throws KodamaError `notFound` if there is none.
 */
export async function runBefore(host: Host, found: FoundRun): Promise<FoundRun> {
  const { id, rerunOf } = found.run.header;
  if (rerunOf !== null) return await findAnyRun(host, rerunOf);
  for (const earlier of (await runIds(host)).reverse()) {
    if (earlier >= id) continue;
    const run = await readRun(host, earlier).catch((error: unknown) => {
      if (error instanceof KodamaError) return undefined;
      throw error;
    });
    if (run !== undefined && run.run.header.rerunOf === null && isSameWork(run, found)) return run;
  }
  throw new KodamaError(
    "notFound",
    `no earlier run does the same as ${id}, in the same namespaces`,
    {
      hint: hint`${action("runs.list")} lists the runs; any two of them can be compared`,
    },
  );
}

function isSameWork(one: FoundRun, other: FoundRun): boolean {
  const scopes = new Set(scopesOf(one));
  const isSameScope = scopesOf(other).some((scope) => scopes.has(scope));
  const [work, ...same] = worksOf(one);
  if (work !== worksOf(other)[0] && !worksOf(other).some((name) => same.includes(name))) {
    return false;
  }
  return isSameScope || one.kind === "workflow" && scopes.size === 0;
}

/**
 * Returns what a run does: first exactly; then, of a workflow that does no more than one command, its name, as some
 * front ends record it as that command, and others as its step.
 */
function worksOf(found: FoundRun): string[] {
  const named = onlySection(found) === undefined ? null : found.run.header.workflow;
  const names = named === null ? [] : [`workflow ${named}`];
  if (found.kind === "workflow") return [found.run.header.path, ...names];
  const { command, shell, workflow, copy } = found.run.header;
  return [JSON.stringify([command, shell, workflow, copy]), ...names];
}

function scopesOf({ kind, run }: FoundRun): string[] {
  const scopes = kind === "run" ? run.targets.map(({ target }) => target) : run.scopes;
  return scopes.map(({ context, namespace }) => JSON.stringify([context, namespace]));
}

/** Returns the last run of a workflow with steps. @throws KodamaError `notFound` if none is stored. */
export async function lastStepsRun(host: Host): Promise<FoundRun> {
  for (const id of (await runIds(host)).reverse()) {
    const run = await readRun(host, id);
    if (run?.kind === "workflow") return run;
  }
  throw new KodamaError("notFound", "no run of a workflow with steps is recorded");
}

async function noRun(wanted: string | undefined, ids: readonly string[]): Promise<KodamaError> {
  if (wanted === undefined) return new KodamaError("notFound", "no run is recorded");
  const [near] = await nearestNames(wanted, ids, 1);
  return new KodamaError("notFound", `no such run: ${wanted}`, {
    hint: near === undefined ? hint`${action("runs.list")} lists them` : `did you mean ${near}?`,
  });
}

/** Returns the ids of the stored runs, ascending: they sort by time. */
export async function runIds({ files, places }: Host): Promise<string[]> {
  if (places.userDir === undefined) return [];
  return (await files.listFiles(runsFolder(places)))
    .filter((name) => name.endsWith(recordEnding))
    .map((name) => name.slice(0, -recordEnding.length));
}

/** Removes the record of a run. */
export async function forgetRun({ files, places }: Host, id: string): Promise<void> {
  await files.remove(`${runsFolder(places)}/${id}${recordEnding}`);
}

/** Reads the run of an id. Returns undefined if it was removed in the meantime. */
export async function readRun({ files, places }: Host, id: string): Promise<FoundRun | undefined> {
  const path = `${runsFolder(places)}/${id}${recordEnding}`;
  const text = await files.readText(path, maxRecordBytes);
  return text === undefined ? undefined : await readRunRecord(path, text);
}
