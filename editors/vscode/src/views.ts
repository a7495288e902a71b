/** The views of the side bar: runs with each pod's outcome, and sessions. All of it is what the program lists. */
import * as vscode from "vscode";
import type { Kodama } from "./kodama.ts";
import { type FoldedAnswers, foldedLines, foldSteps } from "../../../src/runs/fold_answers.ts";
import { type RecordedRunData, RunState } from "../../../src/runs/run_state.ts";
import { type RecordedOutput, recordedOutput, resultOf } from "./run_events.ts";
import type { ActiveRun, Runner } from "./run_pane.ts";

/** A run as `kodama runs list -o json` prints it: of a command with `targets`, of a workflow with `steps`. */
interface ListedRun {
  id: string;
  at: string;
  command?: string[];
  workflow: string | null;
  outcome?: string | null;
  exitCode: number | null;
  targets?: ListedPod[];
  steps?: { step: string; title: string; outcome: string | null; targets: ListedPod[] }[];
}

interface ListedPod extends RecordedOutput {
  name: string;
  outcome: string | null;
  exitCode?: number | null;
  error?: string | null;
  durationMs: number | null;
}

/** A line of the tree of runs. */
export type RunNode =
  | { kind: "active"; run: ActiveRun }
  | { kind: "run"; run: ListedRun }
  | { kind: "differs"; run: ListedRun; step: string; folded: FoldedAnswers }
  | { kind: "step"; run: ListedRun; step: NonNullable<ListedRun["steps"]>[number] }
  | { kind: "pod"; pod: ListedPod; runId?: string; step?: string };

/** How many past runs are shown. */
const shownRuns = 50;

/** The runs, the newest first; those that aren't over before them. */
export class RunsView implements vscode.TreeDataProvider<RunNode> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The runs were read since the last change; if not, they will be, and there is nothing to draw again. */
  #isRead = false;
  #past: Promise<ListedRun[]> | undefined;

  constructor(
    private readonly kodama: Kodama,
    private readonly runner: Runner,
    private readonly answers: Answers,
  ) {
    runner.onDidChange((change) => {
      if (change === "end") this.#past = undefined;
      if (!this.#isRead) return;
      this.#isRead = false;
      // Many pods end at once: one drawing for all of them.
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        if (!this.#isRead) this.#changed.fire();
      }, 100);
    });
  }

  refresh(): void {
    this.#past = undefined;
    this.#changed.fire();
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node === undefined) {
      this.#isRead = true;
      const past = await this.#list();
      return [
        ...[...this.runner.active].map((run): RunNode => ({ kind: "active", run })),
        ...past.map((run): RunNode => ({ kind: "run", run })),
      ];
    }
    if (node.kind === "active") {
      return [...node.run.state.pods.values()].map((pod): RunNode => ({
        kind: "pod",
        pod: { ...pod, outcome: pod.outcome ?? null, durationMs: pod.durationMs ?? null },
      }));
    }
    if (node.kind === "pod" || node.kind === "differs") return [];
    const pods = async (targets: readonly ListedPod[], step?: string): Promise<RunNode[]> => [
      ...(targets.length < 2 ? [] : await this.#differing(node.run, step ?? "")),
      ...targets.map((pod): RunNode => ({
        ...{ kind: "pod", pod, runId: node.run.id },
        ...(step === undefined ? {} : { step }),
      })),
    ];
    if (node.kind === "step") return pods(node.step.targets, node.step.step);
    const { run } = node;
    return run.targets === undefined
      ? (run.steps ?? []).map((step): RunNode => ({ kind: "step", run, step }))
      : pods(run.targets);
  }

  /** Returns the node of the pods that answered otherwise than most, if there are any. */
  async #differing(run: ListedRun, step: string): Promise<RunNode[]> {
    const steps = await this.answers.of(run.id);
    const folded = steps.find(({ key }) => key === step)?.folded;
    if (folded === undefined || folded.differing === 0) return [];
    return [{ kind: "differs", run, step, folded }];
  }

  /** Returns the past runs, which are read once until one ends. */
  async #list(): Promise<ListedRun[]> {
    const reading = this.#past ??= this.kodama.json<ListedRun[]>(["runs", "list"]);
    try {
      return (await reading).slice(0, shownRuns);
    } catch (error) {
      if (this.#past === reading) this.#past = undefined;
      throw error;
    }
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    if (node.kind === "active") {
      const item = new vscode.TreeItem(node.run.title, Expanded);
      return Object.assign(item, { iconPath: new vscode.ThemeIcon("loading~spin") });
    }
    if (node.kind === "run") return runItem(node.run);
    if (node.kind === "step") {
      const { step } = node;
      const item = new vscode.TreeItem(step.title, step.targets.length === 0 ? None : Collapsed);
      return Object.assign(item, {
        description: resultOf(step.targets),
        iconPath: iconOf(step.outcome),
        tooltip: step.step,
      });
    }
    if (node.kind === "differs") {
      const { differing, sentence } = node.folded;
      return Object.assign(new vscode.TreeItem(`differs (${differing})`, None), {
        description: sentence,
        tooltip: sentence,
        iconPath: new vscode.ThemeIcon("diff", new vscode.ThemeColor("charts.yellow")),
        command: { command: "kodama.runs.output", title: "Show Output", arguments: [node] },
      });
    }
    const { pod, runId } = node;
    const item = new vscode.TreeItem(pod.name, None);
    const code = pod.exitCode ? `, exit code ${pod.exitCode}` : "";
    return Object.assign(item, {
      description: pod.outcome === null ? "" : `${pod.outcome}${code}`,
      iconPath: iconOf(pod.outcome),
      tooltip: pod.error ?? undefined,
      ...(runId === undefined ? {} : {
        contextValue: "pod",
        command: { command: "kodama.runs.output", title: "Show Output", arguments: [node] },
      }),
    });
  }
}

function runItem(run: ListedRun): vscode.TreeItem {
  const title = run.workflow ?? (run.command ?? []).join(" ");
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Collapsed);
  const pods = run.targets ?? run.steps?.flatMap(({ targets }) => targets) ?? [];
  const isOk = run.exitCode === 0;
  return Object.assign(item, {
    description: `${resultOf(pods)} · ${new Date(run.at).toLocaleString()}`,
    tooltip: run.id,
    iconPath: iconOf(isOk ? "ok" : "failed"),
    contextValue: isOk ? "run" : "run.failed",
  });
}

function iconOf(outcome: string | null): vscode.ThemeIcon {
  if (outcome === null) return new vscode.ThemeIcon("circle-outline");
  if (outcome === "ok") {
    return new vscode.ThemeIcon("pass", new vscode.ThemeColor("testing.iconPassed"));
  }
  if (outcome === "skipped" || outcome === "cancelled") return new vscode.ThemeIcon("circle-slash");
  return new vscode.ThemeIcon("error", new vscode.ThemeColor("testing.iconFailed"));
}

/** The scheme of documents with a pod's output: `kodama-output:/POD?RUN#STEP`. */
export const outputScheme = "kodama-output";

/** The name of the document with the folded answers: no pod has it. */
const foldedName = "/answers.diff";

/** The folded answers of past runs, each read once: the tree asks again whenever anything changes. */
export class Answers {
  readonly #read = new Map<string, ReturnType<typeof foldSteps>>();

  constructor(private readonly kodama: Kodama) {}

  /** Returns the folded answers of each step of a run. */
  of(run: string): ReturnType<typeof foldSteps> {
    const known = this.#read.get(run);
    if (known !== undefined) return known;
    const reading = this.#answers(run);
    if (this.#read.size >= shownRuns) this.#read.clear();
    this.#read.set(run, reading);
    reading.catch(() => this.#read.delete(run));
    return reading;
  }

  async #answers(run: string) {
    const state = new RunState();
    state.record(await this.kodama.json<RecordedRunData>(["runs", "show", run]));
    return await foldSteps(state);
  }
}

/** Returns the address of the document with a pod's output, or with the folded answers of all. */
export function outputUri(node: RunNode): vscode.Uri | undefined {
  if (node.kind === "differs") {
    const { run: { id: query }, step: fragment } = node;
    return vscode.Uri.from({ scheme: outputScheme, path: foldedName, query, fragment });
  }
  if (node.kind !== "pod" || node.runId === undefined) return undefined;
  return vscode.Uri.from({
    scheme: outputScheme,
    path: `/${node.pod.name}`,
    query: node.runId,
    ...(node.step === undefined ? {} : { fragment: node.step }),
  });
}

/** What a pod wrote in a past run, or the answers of all pods, as a document. */
export class Outputs implements vscode.TextDocumentContentProvider {
  constructor(private readonly kodama: Kodama, private readonly answers: Answers) {}

  async provideTextDocumentContent(
    { path, query, fragment }: vscode.Uri,
    token: vscode.CancellationToken,
  ): Promise<string> {
    if (path === foldedName) {
      const steps = await this.answers.of(query);
      return steps.filter(({ key }) => key === fragment)
        .flatMap(({ folded }) => foldedLines(folded).map(({ text }) => `${text}\n`)).join("");
    }
    const run = await this.kodama.json<ListedRun>(["runs", "show", query], token);
    const pods = fragment === ""
      ? run.targets ?? []
      : run.steps?.find(({ step }) => step === fragment)?.targets ?? [];
    const pod = pods.find(({ name }) => `/${name}` === path);
    return recordedOutput(pod ?? {});
  }
}

/** The scheme of documents with a plan. */
export const planScheme = "kodama-plan";

/** Plans, as documents that are only read. */
export class Plans implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  /** Shows a plan; the one of the same name before is replaced. */
  async show(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: planScheme, path: `/${name}` });
    this.#texts.set(uri.path, text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.#texts.get(path) ?? "";
  }
}

/** A session as `kodama list -o json` prints it. */
export interface ListedSession {
  name: string;
  namespace: string;
  status: string;
  /** `localPath` is absent if no folder is in sync with it. */
  sync?: { localPath?: string };
}

/** The sessions of the namespace. */
export class SessionsView implements vscode.TreeDataProvider<ListedSession> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(private readonly kodama: Kodama) {}

  refresh(): void {
    this.#changed.fire();
  }

  async getChildren(session?: ListedSession): Promise<ListedSession[]> {
    return session === undefined ? await this.kodama.json<ListedSession[]>(["list"]) : [];
  }

  getTreeItem(session: ListedSession): vscode.TreeItem {
    const item = new vscode.TreeItem(session.name);
    return Object.assign(item, {
      description: session.status,
      contextValue: "session",
      iconPath: new vscode.ThemeIcon(session.status === "Running" ? "vm-running" : "vm-outline"),
    });
  }
}
