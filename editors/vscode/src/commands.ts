/** The commands of the palette: they ask for what a command line needs, and run it. */
import * as vscode from "vscode";
import { type Kodama, KodamaError } from "./kodama.ts";
import { withLinesOf } from "./pasted_lines.ts";
import { flagsOf, type PodPicker } from "./pick_pods.ts";
import type { Runner } from "./run_pane.ts";
import type { Selections } from "./selections.ts";
import type { ListedSession, Plans } from "./views.ts";

/** What the commands need. */
export interface Surroundings {
  kodama: Kodama;
  picker: PodPicker;
  runner: Runner;
  plans: Plans;
  selections: Selections;
  memory: vscode.Memento;
}

/** A workflow as `kodama workflow list -o json` prints it. */
interface ListedWorkflow {
  name: string;
  path: string;
  description?: string;
  errors: number;
}

/** A parameter as `kodama workflow show -o json` prints it. */
interface Parameter {
  name: string;
  description?: string;
  type: string;
  required: boolean;
  secret: boolean;
  default?: unknown;
  enum?: unknown[];
}

/** Runs kwekash: `kodama run kwekash`. */
export async function runKwekash({ runner }: Surroundings): Promise<void> {
  await runner.run({ title: "kwekash", args: ["run", "kwekash"], workflow: "kwekash" });
}

/** Chooses a workflow, asks for its parameters, and runs it. */
export async function runWorkflow(
  all: Surroundings,
  { workflow, flags = [] }: { workflow?: string; flags?: readonly string[] } = {},
): Promise<void> {
  const name = workflow ?? await pickWorkflow(all);
  if (name === undefined) return;
  const params = await askParameters(all, name);
  if (params === undefined) return;
  const args = ["run", name, ...params, ...flags];
  const plan = await planOf(all, args);
  await all.runner.run({ title: titleOf(name), args, detail: plan, workflow: name });
}

/** The name of a workflow, or of its file. */
function titleOf(workflow: string): string {
  return (workflow.split(/[\\/]/).at(-1) ?? workflow).replace(/\.ya?ml$/, "");
}

/** Shows what a run of a workflow would do, without running it. */
export async function showPlan(all: Surroundings, workflow: string): Promise<void> {
  const params = await askParameters(all, workflow);
  if (params === undefined) return;
  const text = await all.kodama.text(["run", workflow, ...params, "--plan"]);
  await all.plans.show(`Plan of ${titleOf(workflow)}`, text);
}

async function planOf({ kodama }: Surroundings, args: readonly string[]): Promise<string> {
  try {
    return await kodama.text([...args, "--plan"]);
  } catch (error) {
    // A plan needs trust too; the run asks for it.
    if (error instanceof KodamaError && error.report.kind === "untrusted") return "";
    throw error;
  }
}

async function pickWorkflow({ kodama, memory }: Surroundings): Promise<string | undefined> {
  const last = memory.get<string>("kodama.workflow");
  const listed = await kodama.json<ListedWorkflow[]>(["workflow", "list"]);
  const items = listed.map(({ name, path, description = "", errors }) => ({
    label: name,
    description,
    detail: errors === 0 ? path : `$(error) ${errors} problems · ${path}`,
  }));
  // What ran last comes first.
  items.sort((a, b) => Number(b.label === last) - Number(a.label === last));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Run Workflow",
    matchOnDescription: true,
  });
  if (picked !== undefined) await memory.update("kodama.workflow", picked.label);
  return picked?.label;
}

/** Asks for each parameter. Returns `undefined` if a question was closed. */
async function askParameters(
  { kodama }: Surroundings,
  workflow: string,
): Promise<string[] | undefined> {
  const shown = await kodama.json<{ params: Parameter[] }>(["workflow", "show", workflow]);
  const flags: string[] = [];
  for (const [at, param] of shown.params.entries()) {
    const title = `${param.name} (${at + 1} of ${shown.params.length})`;
    const value = await askParameter(param, title);
    if (value === undefined) return undefined;
    if (value !== String(param.default ?? "")) flags.push("--param", `${param.name}=${value}`);
  }
  return flags;
}

async function askParameter(param: Parameter, title: string): Promise<string | undefined> {
  const choices = param.enum ?? (param.type === "boolean" ? [true, false] : undefined);
  if (choices !== undefined) {
    const first = param.default ?? choices[0];
    const words = [first, ...choices.filter((one) => one !== first)].map(String);
    return await vscode.window.showQuickPick(words, { title, ...placeholder(param) });
  }
  const initial = String(param.default ?? "");
  const text = await askText({
    title,
    value: initial,
    password: param.secret,
    ignoreFocusOut: true,
    ...(param.description === undefined ? {} : { prompt: param.description }),
    validateInput: (value) => param.required && value === "" ? "A value is required" : undefined,
  });
  return text === undefined ? undefined : withLinesOf(text, initial);
}

/**
 * Asks for a text that may have several lines: those that were pasted are as they were. A browser asks its user before
 * each read of the clipboard: there they stay joined, which the box says.
 */
async function askText(options: vscode.InputBoxOptions): Promise<string | undefined> {
  let before = options.value ?? "";
  let pasted: Thenable<string> | undefined;
  const text = await vscode.window.showInputBox({
    ...options,
    validateInput: (value) => {
      const isTyped = value.length <= before.length + 1;
      before = value;
      const problem = options.validateInput?.(value);
      if (problem || isTyped) return problem;
      if (vscode.env.uiKind === vscode.UIKind.Desktop) {
        pasted = vscode.env.clipboard.readText();
        return undefined;
      }
      const message = "Lines that are pasted in a browser become one line";
      return { message, severity: vscode.InputBoxValidationSeverity.Info };
    },
  });
  if (!text || pasted === undefined) return text;
  return withLinesOf(text, await pasted);
}

function placeholder({ description }: Parameter): { placeHolder?: string } {
  return description === undefined ? {} : { placeHolder: description };
}

/** Chooses pods, asks for a command line, and runs it in all of them. */
export async function exec(all: Surroundings): Promise<void> {
  const pods = await all.picker.pick("Exec in Pods", { many: true });
  if (pods === undefined) return;
  await using file = await all.selections.write(pods);
  const [first] = pods;
  const where = pods.length === 1 && first !== undefined ? first.pod : `${pods.length} pods`;
  await execIn(all, ["--from", file.path], {
    where,
    value: all.memory.get("kodama.line", "hostname"),
  });
}

/** Runs a command line in the pods that flags select; `where` names them, and `value` is what the box begins with. */
export async function execIn(
  { runner, memory }: Surroundings,
  selection: readonly string[],
  { where, value = "" }: { where: string; value?: string },
): Promise<void> {
  const line = await askText({
    title: `Command line for sh in ${where}`,
    value,
    ignoreFocusOut: true,
    validateInput: (value) => value.trim() === "" ? "A command is required" : undefined,
  });
  if (line === undefined) return;
  // A box that begins with several lines would join them.
  if (!line.includes("\n")) await memory.update("kodama.line", line);
  // A line without any character of shell's runs as it is, so that it can be known to only read.
  const command = /^[\w@%+=:,./ -]+$/.test(line)
    ? ["--", ...line.trim().split(/ +/)]
    : ["--shell", "--", line];
  await runner.run({
    title: line.replaceAll("\n", "↵"),
    args: ["exec", ...selection, ...command],
  });
}

/** Opens a shell in a pod. */
export async function shell({ kodama, picker }: Surroundings): Promise<void> {
  const [pod] = await picker.pick("Open Shell", { many: false }) ?? [];
  if (pod === undefined) return;
  kodama.terminal(pod.pod, ["shell", pod.pod, ...flagsOf(pod)]);
}

/** Follows the logs of pods. */
export async function logs({ kodama, picker, selections }: Surroundings): Promise<void> {
  const pods = await picker.pick("Tail Logs", { many: true });
  if (pods === undefined) return;
  const file = await selections.write(pods);
  selections.removeWith(kodama.terminal("logs", ["logs", "-f", "--from", file.path]), file);
}

/** Copies files of this machine into pods. */
export async function copyTo({ kodama, picker, selections }: Surroundings): Promise<void> {
  const [source] = await vscode.window.showOpenDialog({
    title: "Copy into Pods",
    canSelectFolders: true,
    canSelectFiles: true,
  }) ?? [];
  if (source === undefined) return;
  const pods = await picker.pick("Copy into Pods", { many: true });
  if (pods === undefined) return;
  const path = await askPath("Folder or file in the pods", "/tmp/");
  if (path === undefined) return;
  await using file = await selections.write(pods);
  await kodama.task("cp", ["cp", "--from", file.path, source.fsPath, `:${path}`]);
}

/** Copies a path of pods to a folder of this machine. */
export async function copyFrom({ kodama, picker, selections }: Surroundings): Promise<void> {
  const pods = await picker.pick("Copy from Pods", { many: true });
  if (pods === undefined) return;
  const path = await askPath("Path in the pods", "/etc/hostname");
  if (path === undefined) return;
  const [folder] = await vscode.window.showOpenDialog({
    title: "Folder for the copies",
    canSelectFolders: true,
    canSelectFiles: false,
  }) ?? [];
  if (folder === undefined) return;
  await using file = await selections.write(pods);
  await kodama.task("cp", ["cp", "--from", file.path, `:${path}`, folder.fsPath]);
}

async function askPath(title: string, value: string): Promise<string | undefined> {
  return await vscode.window.showInputBox({
    title,
    value,
    ignoreFocusOut: true,
    validateInput: (path) => path.startsWith("/") ? undefined : "An absolute path is required",
  });
}

/** Forwards a port to a pod. */
export async function forward({ kodama, picker }: Surroundings): Promise<void> {
  const [pod] = await picker.pick("Forward Port", { many: false }) ?? [];
  if (pod === undefined) return;
  const ports = await vscode.window.showInputBox({
    title: "Ports",
    prompt: "LOCAL:REMOTE, or :REMOTE for any free local port; several are separated by spaces",
    value: "8080:80",
    validateInput: (text) =>
      /^\s*(\d*:)?[\w-]+(\s+(\d*:)?[\w-]+)*\s*$/.test(text) ? undefined : "For example 8080:80",
  });
  if (ports === undefined) return;
  const { context, namespace } = pod;
  const words = ports.trim().split(/\s+/);
  kodama.terminal(`forward ${ports}`, [
    ...["forward", `pod/${pod.pod}`, ...words],
    ...["--context", context, "-n", namespace],
  ]);
}

/* Sessions. */

/** Starts a session. */
export async function startSession({ kodama }: Surroundings): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: "Start Session (1 of 3)",
    prompt: "Name",
    validateInput: (text) =>
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
        ? undefined
        : "Lower-case letters, digits and hyphens",
  });
  if (name === undefined) return;
  const repository = await vscode.window.showInputBox({
    title: "Start Session (2 of 3)",
    prompt: "Repository to check out; empty for none, . for that of this folder",
  });
  if (repository === undefined) return;
  const prompt = await askText({
    title: "Start Session (3 of 3)",
    prompt: "First task of the agent; empty for none",
  });
  if (prompt === undefined) return;
  await kodama.task(`start ${name}`, [
    ...["start", name],
    ...(repository === "" ? [] : ["--repo", repository]),
    ...(prompt === "" ? [] : ["--prompt", prompt]),
  ]);
}

/** Opens a terminal in a session. */
export async function attachSession(all: Surroundings, session?: ListedSession): Promise<void> {
  const chosen = session ?? await pickSession(all, "Attach to Session");
  if (chosen !== undefined) all.kodama.terminal(chosen.name, ["attach", ...refOf(chosen)]);
}

/** Opens the local folder that is in sync with a session. */
export async function openSessionFolder(all: Surroundings, session?: ListedSession): Promise<void> {
  const chosen = session ?? await pickSession(all, "Open Folder of Session");
  if (chosen === undefined) return;
  const { sync } = await all.kodama.json<ListedSession>(["get", ...refOf(chosen)]);
  if (sync?.localPath === undefined) {
    await vscode.window.showInformationMessage(
      `${chosen.name} has no synced folder; see: kodama start --sync`,
    );
    return;
  }
  const folder = vscode.Uri.file(sync.localPath);
  await vscode.commands.executeCommand("vscode.openFolder", folder, { forceNewWindow: true });
}

/** Gives the agent of a session a task. */
export async function promptSession(all: Surroundings, session?: ListedSession): Promise<void> {
  const chosen = session ?? await pickSession(all, "Prompt Agent of Session");
  if (chosen === undefined) return;
  const task = await askText({ title: `Task for ${chosen.name}` });
  if (!task) return;
  await all.kodama.task(`prompt ${chosen.name}`, ["prompt", ...refOf(chosen), task, "-f"]);
}

/** Stops a session. */
export async function stopSession(all: Surroundings, session?: ListedSession): Promise<void> {
  const chosen = session ?? await pickSession(all, "Stop Session");
  if (chosen === undefined) return;
  await all.kodama.task(`stop ${chosen.name}`, ["stop", ...refOf(chosen)]);
}

async function pickSession(
  { kodama }: Surroundings,
  title: string,
): Promise<ListedSession | undefined> {
  const sessions = await kodama.json<ListedSession[]>(["list"]);
  if (sessions.length === 0) {
    await vscode.window.showInformationMessage("There are no sessions in this namespace.");
    return undefined;
  }
  const items = sessions.map((session) => ({
    label: session.name,
    description: session.status,
    session,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.session;
}

function refOf({ name, namespace }: ListedSession): string[] {
  return [name, "-n", namespace];
}
