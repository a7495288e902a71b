/**
 * What a rerun reports as ok has run, as the file describes it now: over random workflows with pods, batches, conditions
 * and attempts, failures, kills at any event, edits of the file, reordered lists and changed parameters. `KODAMA_HISTORIES=2000` runs that many.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../../base/json_value.ts";
import { readWorkflowRecord } from "../record.ts";
import { type ResumeFrom, retainedOf } from "../resume.ts";
import type { WorkflowEvent } from "../step_events.ts";
import { recordLines } from "../testing/record_header.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { SimulatedPod } from "../../exec/testing/simulated_pod.ts";
import { play, saying } from "../testing/step_fixture.ts";
import type { Environment } from "./environment.ts";
import { nothingRetained } from "./step_identity.ts";

/** A step of a random workflow. `uid` never changes, whatever is edited. */
type Node =
  | {
    kind: "leaf";
    uid: number;
    named: boolean;
    version: number;
    param: boolean;
    reads?: number;
    /** It runs in all pods, or in those of its batch; else here. */
    inPods: boolean;
    /** It runs if the parameter is at least this. */
    from: number;
    attempts: number;
  }
  | { kind: "batches"; uid: number; serial: number[]; steps: Node[] }
  | { kind: "group"; uid: number; steps: Node[]; rescue: Node[]; always: Node[] }
  | { kind: "parallel"; uid: number; steps: Node[] }
  | { kind: "foreach"; uid: number; items: string[]; maxFail: number; steps: Node[] };

const pods = ["p0", "p1", "p2"];

interface File {
  steps: Node[];
  last: Node[];
  param: number;
}

/** One execution of a program. Its number is in its output. */
interface Execution {
  words: readonly string[];
  ok: boolean;
  /** Absent if it ran here. */
  pod?: string;
}

/** A source of small random numbers that fast-check can shrink. */
type Pick = (below: number) => number;

function pickFrom(numbers: readonly number[]): Pick {
  let at = 0;
  return (below) => (numbers[at++ % numbers.length] ?? 0) % below;
}

class Builder {
  #uid = 0;
  /** An item, and a pod, stand for one round of the whole file. */
  #isInRound = false;

  constructor(private readonly pick: Pick) {}

  file(): File {
    return { steps: this.list(2, 4), last: this.pick(3) === 0 ? [this.leaf()] : [], param: 0 };
  }

  list(depth: number, most: number): Node[] {
    return Array.from({ length: 1 + this.pick(most) }, () => this.node(depth));
  }

  node(depth: number): Node {
    const kind = depth === 0 ? 0 : this.pick(8);
    const uid = ++this.#uid;
    const inner = () => this.list(depth - 1, 3);
    switch (kind) {
      case 1:
      case 2:
        return {
          kind: "group",
          uid,
          steps: inner(),
          rescue: this.pick(2) === 0 ? inner() : [],
          always: this.pick(3) === 0 ? inner() : [],
        };
      case 3:
        return { kind: "parallel", uid, steps: inner() };
      case 4:
      case 5: {
        if (this.#isInRound) return this.leaf();
        const items = ["a", "b", "c"].slice(0, 1 + this.pick(3));
        this.#isInRound = true;
        const steps = inner();
        this.#isInRound = false;
        if (kind === 5) {
          return { kind: "batches", uid, serial: [[1], [2], [1, 2]][this.pick(3)] ?? [1], steps };
        }
        return { kind: "foreach", uid, items, maxFail: this.pick(3) === 0 ? 1 : 0, steps };
      }
      default:
        return this.leaf();
    }
  }

  leaf(): Node {
    const [named, param] = [this.pick(3) > 0, this.pick(4) === 0];
    const leaf: Node = {
      kind: "leaf",
      uid: ++this.#uid,
      named,
      version: 0,
      param,
      inPods: this.pick(3) === 0,
      from: this.pick(5) === 0 ? 1 + this.pick(2) : 0,
      attempts: this.pick(4) === 0 ? 2 : 1,
    };
    if (this.pick(2) === 0) leaf.reads = this.pick(this.#uid + 1);
    return leaf;
  }

  /** Changes a file as a person would between two runs. */
  edit(file: File): void {
    const lists = listsOf(file);
    const list = lists[this.pick(lists.length)] ?? file.steps;
    const at = this.pick(list.length);
    switch (this.pick(7)) {
      case 0: {
        const leaf = list[at];
        if (leaf?.kind === "leaf") leaf.version++;
        break;
      }
      case 1:
        list.splice(at, 0, this.node(0));
        break;
      case 2:
        if (list.length > 1) list.splice(at, 1);
        break;
      case 3:
        list.push(...list.splice(at, 1));
        break;
      case 4: {
        const each = list[at];
        if (each?.kind !== "foreach") break;
        each.items.reverse();
        if (this.pick(2) === 0) each.items.unshift(`new${this.pick(9)}`);
        each.items = [...new Set(each.items)];
        break;
      }
      case 5:
        file.param++;
        break;
      default:
    }
  }
}

function innerLists(node: Node): Node[][] {
  if (node.kind === "leaf") return [];
  return node.kind === "group" ? [node.steps, node.rescue, node.always] : [node.steps];
}

function listsOf({ steps, last }: File): Node[][] {
  const of = (list: Node[]): Node[][] => [list, ...list.flatMap(innerLists).flatMap(of)];
  return [...of(steps), ...of(last)].filter(({ length }) => length > 0);
}

/** Removes what a leaf reads of a step that isn't before it. */
function repair({ steps, last }: File): void {
  const visit = (
    list: readonly Node[],
    before: ReadonlySet<number>,
    atOnce = false,
  ): Set<number> => {
    const known = new Set(before);
    for (const node of list) {
      const here = atOnce ? before : known;
      if (node.kind === "leaf") {
        if (node.reads !== undefined && !here.has(node.reads)) delete node.reads;
        if (node.named) known.add(node.uid);
        continue;
      }
      let inner = new Set(here);
      for (const one of innerLists(node)) inner = visit(one, inner, node.kind === "parallel");
      if (node.kind !== "foreach" && node.kind !== "batches") {
        for (const uid of inner) known.add(uid);
      }
    }
    return known;
  };
  visit(last, visit(steps, new Set()));
}

/** In batches, an execution knows which one it belongs to, and its last word is the batch's pods. */
const batchItem = "batch${{ index }}";

function textOf({ steps, last, param }: File): string {
  const render = (node: Node, item = "-"): JsonValue => {
    const id = `s${node.uid}`;
    const of = (list: readonly Node[]) => list.map((one) => render(one, item));
    switch (node.kind) {
      case "leaf": {
        const words = [
          ...["do", `${node.uid}`, `v${node.version}`],
          item,
          node.param ? "${{ params.p }}" : "-",
          node.reads === undefined ? "-" : `\${{ steps.s${node.reads}.stdout }}`,
        ];
        if (item === batchItem) words.push("${{ batch.map(one, one.name).join('+') }}");
        return {
          ...(node.named ? { id } : {}),
          ...(node.from === 0 ? {} : { when: `\${{ params.p >= ${node.from} }}` }),
          ...(node.attempts === 1 ? {} : { attempts: { most: node.attempts, delay: "1ms" } }),
          [node.inPods ? "exec" : "shell"]: words,
        };
      }
      case "group":
        return {
          id,
          group: {
            steps: of(node.steps),
            ...(node.rescue.length > 0 ? { rescue: of(node.rescue) } : {}),
            ...(node.always.length > 0 ? { always: of(node.always) } : {}),
          },
        };
      case "parallel":
        return { id, parallel: of(node.steps) };
      case "foreach":
        return {
          id,
          foreach: node.items,
          maxFail: node.maxFail,
          steps: node.steps.map((one) => render(one, "${{ item }}")),
        };
      case "batches": {
        const steps = node.steps.map((one) => render(one, batchItem));
        return { id, batches: { serial: node.serial, steps } };
      }
    }
  };
  return JSON.stringify({
    permissions: { run: ["do"] },
    params: { p: param },
    steps: steps.map((one) => render(one)),
    finally: last.map((one) => render(one)),
  });
}

/** The outcome of each leaf of a run, by its uid and item: what the events report. */
interface Report {
  kept: boolean;
  outcome: string;
  stdout: string;
  /** What each pod wrote; empty for a program here. */
  byPod: ReadonlyMap<string, string>;
}

function reportsOf(events: readonly WorkflowEvent[], file: File): Map<string, Report> {
  const reports = new Map<string, Report>();
  const leaves = leavesOf(file);
  for (const event of events) {
    if (event.event !== "stepEnded" && event.event !== "stepKept") continue;
    const { stdout, byTarget = {} } = (event.output ?? {}) as {
      stdout?: string;
      byTarget?: Record<string, { stdout: string }>;
    };
    const leaf = leaves.find(({ key }) => key === event.step);
    if (leaf === undefined) continue;
    reports.set(`${leaf.node.uid} ${leaf.item}`, {
      kept: event.event === "stepKept",
      outcome: event.outcome,
      stdout: stdout ?? "",
      byPod: new Map(Object.entries(byTarget).map(([pod, { stdout }]) => [pod, stdout])),
    });
  }
  return reports;
}

function startedIn(events: readonly WorkflowEvent[], file: File): Set<string> {
  const keys = new Set(
    events.flatMap((event) => event.event === "stepStarted" ? [event.step] : []),
  );
  return new Set(
    leavesOf(file).filter(({ key }) => keys.has(key)).map(({ node, item }) =>
      `${node.uid} ${item}`
    ),
  );
}

interface Leaf {
  key: string;
  node: Node & { kind: "leaf" };
  item: string;
  /** The groups that it is a step of, each with the leaves that may undo its steps. */
  undoing: readonly { group: string; leaves: readonly string[] }[];
  /** It has to be ok in a run that is ok. */
  isRequired: boolean;
  /** It is in a batch: what it did is known by the pods of the batch. */
  isInBatch: boolean;
}

/** Returns all leaves of a file with their keys in a run: an oracle of its own. */
function leavesOf({ steps, last, param }: File): Leaf[] {
  const found: Leaf[] = [];
  const visit = (
    list: readonly Node[],
    prefix: string,
    scope: Pick2<Leaf, "item" | "undoing" | "isRequired" | "isInBatch">,
  ): void => {
    for (const [at, node] of list.entries()) {
      const isNamed = node.kind !== "leaf" || node.named;
      const own = node.kind === "leaf" && node.inPods ? "exec" : "shell";
      const key = prefix + (isNamed ? `s${node.uid}` : `${own}-${at + 1}`);
      switch (node.kind) {
        case "leaf":
          found.push({ key, node, ...scope, isRequired: scope.isRequired && param >= node.from });
          break;
        case "parallel":
          visit(node.steps, `${key}/`, scope);
          break;
        case "group": {
          const after = [...node.rescue, ...node.always];
          const own = uidsIn(after).map((uid) => `${uid} ${scope.item}`);
          visit(node.steps, `${key}/`, {
            ...scope,
            undoing: [...scope.undoing, { group: key, leaves: own }],
          });
          visit(node.rescue, `${key}/rescue/`, { ...scope, isRequired: false });
          visit(node.always, `${key}/always/`, scope);
          break;
        }
        case "batches":
          for (const index of pods.keys()) {
            const inner = { item: `batch${index}`, undoing: [], isInBatch: true };
            visit(node.steps, `${key}[${index}]/`, { ...scope, ...inner });
          }
          break;
        case "foreach": {
          const isRequired = scope.isRequired && node.maxFail === 0;
          for (const [index, item] of node.items.entries()) {
            visit(node.steps, `${key}[${index}]/`, { ...scope, item, isRequired });
          }
        }
      }
    }
  };
  const top = { item: "-", undoing: [], isRequired: true, isInBatch: false };
  visit(steps, "", top);
  visit(last, "finally/", top);
  return found;
}

type Pick2<T, K extends keyof T> = { [P in K]: T[P] };

function uidsIn(list: readonly Node[]): number[] {
  return list.flatMap((node) =>
    node.kind === "leaf" ? [node.uid] : innerLists(node).flatMap(uidsIn)
  );
}

/** The executions of all runs of a history. */
class World {
  readonly log: Execution[] = [];

  constructor(private readonly pick: Pick) {}

  run = (argv: readonly string[]) => {
    const { id, ok } = this.#executed({ words: argv, ok: this.pick(6) > 0 });
    const end = { exitCode: ok ? 0 : 1, stdout: `#${id}#\n`, stderr: "" };
    return Promise.resolve({ ...end, truncated: [] });
  };

  /** Opens a stream to a pod whose command does the same. */
  open(clock: ManualClock): Environment["open"] {
    return ({ pod }, request, signal) => {
      const words = request.command.slice(request.command.lastIndexOf("do"));
      const { id, ok } = this.#executed({ words, ok: this.pick(12) > 0, pod });
      return new SimulatedPod(saying(`#${id}#\n`, ok ? 0 : 1), clock).open(request, signal);
    };
  }

  #executed(execution: Execution): { id: number; ok: boolean } {
    this.log.push(execution);
    return { id: this.log.length - 1, ok: execution.ok };
  }

  /** Drops what a run did after it was killed: a step that hasn't started according to its events. */
  forget(from: number, started: ReadonlySet<string>): void {
    for (const execution of this.log.slice(from)) {
      const [, uid, , item] = execution.words;
      if (!started.has(`${uid} ${item}`)) execution.words = [];
    }
  }

  /** Returns whether a leaf of a batch was ok for a pod, as it is now; `read` is what it reads, if that is known. */
  hasRun(
    { uid, version, param: usesParam }: Leaf["node"],
    { pod: wanted, param, read }: { pod: string; param: number; read: string | undefined },
  ): boolean {
    const expected = `${uid} v${version} ${usesParam ? param : "-"}`;
    return this.log.some(({ words: [, of, version, , p, input, batch = ""], ok, pod }) =>
      ok && `${of} ${version} ${p}` === expected && (read === undefined || input === read) &&
      (pod === undefined ? batch.split("+").includes(wanted) : pod === wanted)
    );
  }

  /** Returns the execution that an output is of. */
  of(stdout: string): { id: number } & Execution {
    const id = Number(/#(\d+)#/.exec(stdout)?.[1] ?? -1);
    const execution = this.log[id];
    assert.ok(execution !== undefined, `no execution has the output ${JSON.stringify(stdout)}`);
    return { id, ...execution };
  }
}

/** Checks the reports of a run against what has really been executed. */
function check(
  file: File,
  events: readonly WorkflowEvent[],
  { world, startId, isDecided }: { world: World; startId: number; isDecided: boolean },
) {
  const started = new Set(
    events.flatMap((event) => event.event === "stepStarted" ? [event.step] : []),
  );
  const keptSteps = new Set(
    events.flatMap((event) => event.event === "stepKept" ? [event.step] : []),
  );
  const reports = reportsOf(events, file);
  const outputOf = (uid: number, item: string) =>
    (reports.get(`${uid} ${item}`) ?? reports.get(`${uid} -`))?.stdout;
  const leaves = leavesOf(file);
  for (const { key, node, item, undoing, isInBatch } of leaves) {
    const report = reports.get(`${node.uid} ${item}`);
    if (report?.outcome !== "ok" || isDecided) continue;
    // Steps of batches that an earlier run has ended have no events of their own.
    if (isInBatch) continue;
    if (node.inPods) assert.deepEqual([...report.byPod.keys()].toSorted(), pods, key);
    const executions = node.inPods
      ? [...report.byPod].map(([pod, stdout]) => ({ pod, ...world.of(stdout), reported: pod }))
      : [{ ...world.of(report.stdout), reported: undefined }];
    const expected = [
      ...["do", `${node.uid}`, `v${node.version}`, item, node.param ? `${file.param}` : "-"],
      // The kill may have come before the step that it reads was reported.
      node.reads === undefined ? "-" : outputOf(node.reads, item) ?? executions[0]?.words.at(-1),
    ];
    for (const { words, ok, pod, reported } of executions) {
      assert.ok(ok, `${key} is ok, and its execution failed`);
      assert.equal(pod, reported, `${key} has the output of another pod`);
      assert.deepEqual([...words], expected, `${key} is ok, and something else was run`);
    }
    if (!report.kept) continue;
    const id = Math.min(...executions.map((one) => one.id));
    // A group that is retained as a whole is so with its `rescue` and `always`.
    const leaves = undoing.filter(({ group }) => started.has(group)).flatMap((one) => one.leaves);
    const undone = world.log.slice(id + 1, startId).find(({ words: [, uid = "", , of = ""] }) =>
      leaves.includes(`${uid} ${of}`)
    );
    assert.equal(undone, undefined, `${key} is ok, and was undone since`);
  }
  const end = events.at(-1);
  if (end?.event !== "runEnded" || end.outcome !== "ok" || isDecided) return;
  for (const { key, node, item, isRequired, isInBatch } of leaves) {
    if (isRequired && isInBatch) {
      const read = node.reads === undefined ? "-" : reports.get(`${node.reads} -`)?.stdout;
      const missing = pods.find((pod) => !world.hasRun(node, { pod, param: file.param, read }));
      assert.equal(missing, undefined, `the run is ok, and ${key} wasn't run for ${missing}`);
      continue;
    }
    // Rounds of a list that is retained as a whole have no events of their own.
    const isInKept = [...keptSteps].some((kept) => key.startsWith(`${kept}[`));
    if (!isRequired || isInKept) continue;
    assert.equal(reports.get(`${node.uid} ${item}`)?.outcome, "ok", `the run is ok without ${key}`);
  }
}

function recordOf(events: readonly WorkflowEvent[]) {
  return readWorkflowRecord("r", recordLines(events).join(""));
}

async function history(numbers: readonly number[]): Promise<{ runs: number; kept: number }> {
  const pick = pickFrom(numbers);
  const builder = new Builder(pick);
  const world = new World(pick);
  const file = builder.file();
  repair(file);
  let [retained, isDecided, kept, runs] = [nothingRetained, false, 0, 0];
  for (; runs < 4; runs++) {
    const startId = world.log.length;
    const clock = new ManualClock();
    const { events: all } = await play({
      files: { "w.yaml": textOf(file) },
      clock,
      // Each selection matches all of them.
      pods: Object.fromEntries(pods.map((pod) => [pod, saying("")])),
      environment: { open: world.open(clock) },
      local: { run: world.run },
      input: { retained },
    });
    // A killed process leaves a part of its events.
    const events = pick(2) === 0 ? all.slice(0, 1 + pick(all.length)) : all;
    world.forget(startId, startedIn(events, file));
    check(file, events, { world, startId, isDecided });
    kept += events.filter(({ event }) => event === "stepKept").length;
    const past = recordOf(events);
    const tops = past.steps.filter(({ key }) => !/[/[]/.test(key));
    const froms: ResumeFrom[] = [{ kind: "rest" }, { kind: "failed" }];
    const top = tops[pick(Math.max(1, tops.length))];
    if (top !== undefined && pick(4) === 0) froms.push({ kind: "from", step: top.key });
    const from = froms[pick(froms.length)] ?? { kind: "rest" };
    // What a person has decided to be done is so for later reruns, too.
    isDecided ||= from.kind === "from";
    for (let edits = pick(3); edits > 0; edits--) builder.edit(file);
    repair(file);
    retained = retainedOf(past, from);
  }
  return { runs, kept };
}

Deno.test("a rerun never reports ok for what didn't run, or ran differently", async () => {
  const histories = Number(Deno.env.get("KODAMA_HISTORIES") ?? 30);
  let kept = 0;
  const numbers = fc.array(fc.nat(5039), { minLength: 40, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(numbers, async (numbers) => {
      kept += (await history(numbers)).kept;
    }),
    { numRuns: histories, endOnFailure: true },
  );
  assert.ok(kept > histories, `only ${kept} steps were retained: the test shows little`);
});
