/**
 * What a rerun reports as ok has run, as the file describes it now: over random workflows, failures, kills at any event,
 * edits of the file, reordered lists and changed parameters. `KODAMA_HISTORIES=2000` runs that many.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../../base/json_value.ts";
import { isRecorded, readWorkflowRecord, type ResumeFrom, retainedOf } from "../record.ts";
import type { WorkflowEvent } from "../step_events.ts";
import { recordHeader } from "../testing/record_header.ts";
import { play } from "../testing/step_fixture.ts";
import { nothingRetained } from "./step_identity.ts";

/** A step of a random workflow. `uid` never changes, whatever is edited. */
type Node =
  | { kind: "leaf"; uid: number; named: boolean; version: number; param: boolean; reads?: number }
  | { kind: "group"; uid: number; steps: Node[]; rescue: Node[]; always: Node[] }
  | { kind: "parallel"; uid: number; steps: Node[] }
  | { kind: "foreach"; uid: number; items: string[]; maxFail: number; steps: Node[] };

interface File {
  steps: Node[];
  last: Node[];
  param: number;
}

/** One execution of a program. Its number is in its output. */
interface Execution {
  words: readonly string[];
  ok: boolean;
}

/** A source of small random numbers that fast-check can shrink. */
type Pick = (below: number) => number;

function pickFrom(numbers: readonly number[]): Pick {
  let at = 0;
  return (below) => (numbers[at++ % numbers.length] ?? 0) % below;
}

class Builder {
  #uid = 0;
  #isInRound = false;

  constructor(private readonly pick: Pick) {}

  file(): File {
    return { steps: this.list(2, 4), last: this.pick(3) === 0 ? [this.leaf()] : [], param: 0 };
  }

  list(depth: number, most: number): Node[] {
    return Array.from({ length: 1 + this.pick(most) }, () => this.node(depth));
  }

  node(depth: number): Node {
    const kind = depth === 0 ? 0 : this.pick(7);
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
      case 4: {
        // An item stands for one round of the whole file.
        if (this.#isInRound) return this.leaf();
        const items = ["a", "b", "c"].slice(0, 1 + this.pick(3));
        this.#isInRound = true;
        const steps = inner();
        this.#isInRound = false;
        return { kind: "foreach", uid, items, maxFail: this.pick(3) === 0 ? 1 : 0, steps };
      }
      default:
        return this.leaf();
    }
  }

  leaf(): Node {
    const [named, param] = [this.pick(3) > 0, this.pick(4) === 0];
    const leaf: Node = { kind: "leaf", uid: ++this.#uid, named, version: 0, param };
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
      if (node.kind !== "foreach") { for (const uid of inner) known.add(uid); }
    }
    return known;
  };
  visit(last, visit(steps, new Set()));
}

function textOf({ steps, last, param }: File): string {
  const render = (node: Node, items: boolean): JsonValue => {
    const id = `s${node.uid}`;
    const of = (list: readonly Node[]) => list.map((one) => render(one, items));
    switch (node.kind) {
      case "leaf": {
        const words = [
          ...["do", `${node.uid}`, `v${node.version}`],
          items ? "${{ item }}" : "-",
          node.param ? "${{ params.p }}" : "-",
          node.reads === undefined ? "-" : `\${{ steps.s${node.reads}.stdout }}`,
        ];
        return { ...(node.named ? { id } : {}), shell: words };
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
          steps: node.steps.map((one) => render(one, true)),
        };
    }
  };
  return JSON.stringify({
    permissions: { run: ["do"] },
    params: { p: param },
    steps: steps.map((one) => render(one, false)),
    finally: last.map((one) => render(one, false)),
  });
}

/** The outcome of each leaf of a run, by its uid and item: what the events report. */
interface Report {
  kept: boolean;
  outcome: string;
  stdout: string;
}

function reportsOf(events: readonly WorkflowEvent[], file: File): Map<string, Report> {
  const reports = new Map<string, Report>();
  const leaves = leavesOf(file);
  for (const event of events) {
    if (event.kind !== "stepEnded" && event.kind !== "stepKept") continue;
    const { stdout } = (event.output ?? {}) as { stdout?: string };
    const leaf = leaves.find(({ key }) => key === event.step);
    if (leaf === undefined) continue;
    reports.set(`${leaf.node.uid} ${leaf.item}`, {
      kept: event.kind === "stepKept",
      outcome: event.outcome.kind,
      stdout: stdout ?? "",
    });
  }
  return reports;
}

function startedIn(events: readonly WorkflowEvent[], file: File): Set<string> {
  const keys = new Set(
    events.flatMap((event) => event.kind === "stepStarted" ? [event.step] : []),
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
}

/** Returns all leaves of a file with their keys in a run: an oracle of its own. */
function leavesOf({ steps, last }: File): Leaf[] {
  const found: Leaf[] = [];
  const visit = (
    list: readonly Node[],
    prefix: string,
    scope: Pick2<Leaf, "item" | "undoing" | "isRequired">,
  ): void => {
    for (const [at, node] of list.entries()) {
      const isNamed = node.kind !== "leaf" || node.named;
      const key = prefix + (isNamed ? `s${node.uid}` : `shell-${at + 1}`);
      switch (node.kind) {
        case "leaf":
          found.push({ key, node, ...scope });
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
        case "foreach": {
          const isRequired = scope.isRequired && node.maxFail === 0;
          for (const [index, item] of node.items.entries()) {
            visit(node.steps, `${key}[${index}]/`, { ...scope, item, isRequired });
          }
        }
      }
    }
  };
  const top = { item: "-", undoing: [], isRequired: true };
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
    const id = this.log.length;
    const ok = this.pick(6) > 0;
    this.log.push({ words: argv, ok });
    const end = { exitCode: ok ? 0 : 1, stdout: `#${id}#\n`, stderr: "" };
    return Promise.resolve({ ...end, truncated: [] });
  };

  /** Drops what a run did after it was killed: a step that hasn't started according to its events. */
  forget(from: number, started: ReadonlySet<string>): void {
    for (const execution of this.log.slice(from)) {
      const [, uid, , item] = execution.words;
      if (!started.has(`${uid} ${item}`)) execution.words = [];
    }
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
    events.flatMap((event) => event.kind === "stepStarted" ? [event.step] : []),
  );
  const keptSteps = new Set(
    events.flatMap((event) => event.kind === "stepKept" ? [event.step] : []),
  );
  const reports = reportsOf(events, file);
  const outputOf = (uid: number, item: string) =>
    (reports.get(`${uid} ${item}`) ?? reports.get(`${uid} -`))?.stdout;
  const leaves = leavesOf(file);
  for (const { key, node, item, undoing } of leaves) {
    const report = reports.get(`${node.uid} ${item}`);
    if (report?.outcome !== "ok" || isDecided) continue;
    const { id, words, ok } = world.of(report.stdout);
    assert.ok(ok, `${key} is ok, and its execution failed`);
    const expected = [
      ...["do", `${node.uid}`, `v${node.version}`, item, node.param ? `${file.param}` : "-"],
      // The kill may have come before the step that it reads was reported.
      node.reads === undefined ? "-" : outputOf(node.reads, item) ?? words.at(-1),
    ];
    assert.deepEqual([...words], expected, `${key} is ok, and something else was run`);
    if (!report.kept) continue;
    // A group that is retained as a whole is so with its `rescue` and `always`.
    const leaves = undoing.filter(({ group }) => started.has(group)).flatMap((one) => one.leaves);
    const undone = world.log.slice(id + 1, startId).find(({ words: [, uid = "", , of = ""] }) =>
      leaves.includes(`${uid} ${of}`)
    );
    assert.equal(undone, undefined, `${key} is ok, and was undone since`);
  }
  const end = events.at(-1);
  if (end?.kind !== "workflowEnded" || end.outcome.kind !== "ok" || isDecided) return;
  for (const { key, node, item, isRequired } of leaves) {
    // Rounds of a list that is retained as a whole have no events of their own.
    const isInKept = [...keptSteps].some((kept) => key.startsWith(`${kept}[`));
    if (!isRequired || isInKept) continue;
    assert.equal(reports.get(`${node.uid} ${item}`)?.outcome, "ok", `the run is ok without ${key}`);
  }
}

function recordOf(events: readonly WorkflowEvent[]) {
  const lines = [recordHeader("run-1"), ...events.filter(isRecorded)];
  return readWorkflowRecord("r", `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
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
    const { events: all } = await play({
      files: { "w.yaml": textOf(file) },
      local: { run: world.run },
      input: { retained },
    });
    // A killed process leaves a part of its events.
    const events = pick(2) === 0 ? all.slice(0, 1 + pick(all.length)) : all;
    world.forget(startId, startedIn(events, file));
    check(file, events, { world, startId, isDecided });
    kept += events.filter(({ kind }) => kind === "stepKept").length;
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
  const histories = Number(Deno.env.get("KODAMA_HISTORIES") ?? 60);
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
