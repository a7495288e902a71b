/** The extension: it registers its commands and views. What they do, the installed program does. */
import * as vscode from "vscode";
import * as commands from "./commands.ts";
import { Kodama, KodamaError } from "./kodama.ts";
import { WorkflowLenses } from "./lenses.ts";
import { PodPicker } from "./pick_pods.ts";
import { Runner } from "./run_pane.ts";
import { Selections } from "./selections.ts";
import { WorkflowTasks } from "./tasks.ts";
import {
  Answers,
  type ListedSession,
  Outputs,
  outputScheme,
  outputUri,
  Plans,
  planScheme,
  type RunNode,
  RunsView,
  SessionsView,
} from "./views.ts";
import { isWorkflowPath } from "./workflow_path.ts";

/** Called by VS Code when a command, a view or a YAML file first needs the extension. */
export function activate({ subscriptions, ...context }: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("kodama", { log: true });
  const kodama = new Kodama(log);
  const runner = new Runner(kodama);
  const folder = vscode.Uri.joinPath(context.globalStorageUri, "selections").fsPath;
  const selections = new Selections(folder, vscode.window.onDidCloseTerminal);
  const plans = new Plans();
  const all: commands.Surroundings = {
    ...{ kodama, runner, selections, plans },
    memory: context.workspaceState,
    picker: new PodPicker(kodama, context.workspaceState),
  };
  const answers = new Answers(kodama);
  const [runs, sessions] = [new RunsView(kodama, runner, answers), new SessionsView(kodama)];

  /** Registers a command whose errors a person sees. */
  const command = (name: string, run: (...args: never[]) => Promise<unknown>) =>
    vscode.commands.registerCommand(`kodama.${name}`, async (...args) => {
      try {
        await run(...args as never[]);
      } catch (error) {
        await showError(error, log);
      }
    });

  subscriptions.push(
    log,
    selections,
    command("runKwekash", () => commands.runKwekash(all)),
    command("runWorkflow", (workflow?: string, flags?: string[]) =>
      commands.runWorkflow(all, {
        ...(typeof workflow === "string" ? { workflow } : {}),
        ...(flags === undefined ? {} : { flags }),
      })),
    command("exec", () => commands.exec(all)),
    command("shell", () => commands.shell(all)),
    command("logs", () => commands.logs(all)),
    command("copyTo", () => commands.copyTo(all)),
    command("copyFrom", () => commands.copyFrom(all)),
    command("forward", () => commands.forward(all)),
    command("execHere", async () => {
      const match = await matchOfEditor();
      if (match !== undefined) {
        await commands.execIn(all, match.args, { where: `the pods of ${match.title}` });
      }
    }),
    command("logsHere", async () => {
      const match = await matchOfEditor();
      if (match !== undefined) kodama.terminal(match.title, ["logs", "-f", ...match.args]);
    }),
    command("session.start", () => commands.startSession(all)),
    command("session.attach", (one?: ListedSession) => commands.attachSession(all, one)),
    command("session.openFolder", (one?: ListedSession) => commands.openSessionFolder(all, one)),
    command("session.prompt", (one?: ListedSession) => commands.promptSession(all, one)),
    command("session.stop", (one?: ListedSession) => commands.stopSession(all, one)),
    command("refresh", async () => {
      runs.refresh();
      sessions.refresh();
      await Promise.resolve();
    }),
    command("runs.rerun", (node: RunNode) => rerun(runner, node, [])),
    command("runs.rerunFailed", (node: RunNode) => rerun(runner, node, ["--failed"])),
    command("runs.output", async (node: RunNode) => {
      const uri = outputUri(node);
      if (uri !== undefined) await vscode.window.showTextDocument(uri, { preview: true });
    }),
    command("runs.diff", (node: RunNode, chosen?: RunNode[]) => diffOutputs(node, chosen)),
    command("workflow.check", async (path?: string) => {
      const file = path ?? vscode.window.activeTextEditor?.document.uri.fsPath;
      if (file !== undefined) await kodama.task("check", ["workflow", "check", file]);
    }),
    command("workflow.plan", async (path?: string) => {
      const file = path ?? vscode.window.activeTextEditor?.document.uri.fsPath;
      if (file !== undefined) await commands.showPlan(all, file);
    }),
    // What ended may have started or stopped a session.
    vscode.tasks.onDidEndTask(() => sessions.refresh()),
    vscode.window.createTreeView("kodama.runs", { treeDataProvider: runs, canSelectMany: true }),
    vscode.window.createTreeView("kodama.sessions", { treeDataProvider: sessions }),
    vscode.workspace.registerTextDocumentContentProvider(
      outputScheme,
      new Outputs(kodama, answers),
    ),
    vscode.workspace.registerTextDocumentContentProvider(planScheme, plans),
    vscode.languages.registerCodeLensProvider(
      { scheme: "file", language: "yaml" },
      new WorkflowLenses(),
    ),
    vscode.tasks.registerTaskProvider("kodama", new WorkflowTasks(kodama)),
  );
  startWithFirstWorkflow(kodama, log, subscriptions);
}

/** Starts the language server when the first workflow file is open, and not before. */
function startWithFirstWorkflow(
  kodama: Kodama,
  log: vscode.LogOutputChannel,
  subscriptions: vscode.Disposable[],
): void {
  let isStarted = false;
  const look = async ({ languageId, uri }: vscode.TextDocument) => {
    const isWorkflow = languageId === "yaml" && uri.scheme === "file" && isWorkflowPath(uri.path);
    if (isStarted || !isWorkflow || !vscode.workspace.isTrusted) return;
    isStarted = true;
    try {
      const { startLanguageServer } = await import("./language.ts");
      subscriptions.push(await startLanguageServer(kodama, log));
    } catch (error) {
      log.error(error instanceof Error ? error : String(error));
    }
  };
  subscriptions.push(
    vscode.workspace.onDidOpenTextDocument(look),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      for (const document of vscode.workspace.textDocuments) void look(document);
    }),
  );
  for (const document of vscode.workspace.textDocuments) void look(document);
}

/** Returns the pods of the object under the cursor; if there are none, says why. */
async function matchOfEditor() {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return undefined;
  const { matchAt } = await import("./manifest.ts");
  const { document, selection } = editor;
  const match = matchAt(document.getText(), document.offsetAt(selection.active));
  if (match.kind === "match") return match;
  await vscode.window.showWarningMessage(`No pods can be chosen: ${match.reason}.`);
  return undefined;
}

async function rerun(runner: Runner, node: RunNode, flags: readonly string[]): Promise<void> {
  if (node.kind !== "run") return;
  const title = node.run.workflow ?? (node.run.command ?? []).join(" ");
  await runner.run({ title, args: ["runs", "rerun", node.run.id, ...flags] });
}

/** Compares two chosen pods in the diff editor. */
async function diffOutputs(node: RunNode, chosen: readonly RunNode[] = []): Promise<void> {
  const [left, right, ...others] = chosen.length === 0 ? [node] : chosen;
  const [before, after] = [left, right].map((one) => one && outputUri(one));
  if (before === undefined || after === undefined || others.length > 0) {
    await vscode.window.showInformationMessage(
      "Choose two pods of the list, with Ctrl or Cmd and a click, then compare them.",
    );
    return;
  }
  const title = `${before.path.slice(1)} ↔ ${after.path.slice(1)}`;
  await vscode.commands.executeCommand("vscode.diff", before, after, title);
}

async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  log.error(error instanceof Error ? error : String(error));
  if (!(error instanceof KodamaError)) throw error;
  const { kind, message, hint } = error.report;
  if (kind === "cancelled" || kind === "unconfirmed" || kind === "untrusted") return;
  if (kind !== "notInstalled") {
    await vscode.window.showErrorMessage(hint === undefined ? message : `${message} (${hint})`);
    return;
  }
  const [install, path] = ["How to Install", "Set the Path"];
  const answer = await vscode.window.showErrorMessage(
    "kodama isn't installed, or isn't on the PATH of this window.",
    install,
    path,
  );
  if (answer === path) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "kodama.path");
  } else if (answer === install) {
    const walkthrough = "kodama.kodama#start";
    await vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthrough);
  }
}
