/** Workflows as tasks: each that can be run from the folder, and those that a `tasks.json` names. */
import * as vscode from "vscode";
import type { Kodama } from "./kodama.ts";

interface WorkflowTask extends vscode.TaskDefinition {
  workflow: string;
  params?: Record<string, string | number | boolean>;
  args?: string[];
}

/** Offers a task for each workflow; `kwekash` is the build task unless the folder has another one. */
export class WorkflowTasks implements vscode.TaskProvider {
  constructor(private readonly kodama: Kodama) {}

  async provideTasks(token: vscode.CancellationToken): Promise<vscode.Task[]> {
    if (!vscode.workspace.isTrusted) return [];
    const listed = await this.kodama.json<{ name: string; description?: string }[]>(
      ["workflow", "list"],
      token,
    );
    return listed.map(({ name, description }) => {
      const task = this.#task({ type: "kodama", workflow: name });
      if (description !== undefined) task.detail = description;
      return task;
    });
  }

  resolveTask(task: vscode.Task): vscode.Task {
    return this.#task(task.definition as WorkflowTask);
  }

  #task(definition: WorkflowTask): vscode.Task {
    const { workflow, params = {}, args = [] } = definition;
    const flags = Object.entries(params).flatMap(([key, value]) => ["--param", `${key}=${value}`]);
    const task = new vscode.Task(
      definition,
      vscode.TaskScope.Workspace,
      workflow,
      "kodama",
      new vscode.ProcessExecution(this.kodama.path, ["run", workflow, ...flags, ...args]),
      // What pods print isn't the output of a compiler.
      [],
    );
    if (workflow === "kwekash") task.group = vscode.TaskGroup.Build;
    return task;
  }
}
