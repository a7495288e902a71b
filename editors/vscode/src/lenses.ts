/** Lenses over a workflow file: check, plan and run it, or one of its steps. */
import * as vscode from "vscode";
import { isWorkflowPath } from "./workflow_path.ts";

/** Offers commands at the first line, and over each step that has an id. */
export class WorkflowLenses implements vscode.CodeLensProvider {
  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.isTrusted || !isWorkflowPath(document.uri.path)) return [];
    // The YAML reader is loaded for workflow files only.
    const { stepLines } = await import("./workflow_file.ts");
    const path = document.uri.fsPath;
    const lens = (line: number, title: string, command: string, ...args: unknown[]) =>
      new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: args });
    const steps = stepLines(document.getText()).flatMap(({ id, line }) => [
      lens(line, "$(play) Run only this step", "kodama.runWorkflow", path, ["--only", id]),
      lens(line, "Run from here", "kodama.runWorkflow", path, ["--start-at", id]),
    ]);
    return [
      lens(0, "$(check) Check", "kodama.workflow.check", path),
      lens(0, "$(list-tree) Plan", "kodama.workflow.plan", path),
      lens(0, "$(play) Run", "kodama.runWorkflow", path),
      ...steps,
    ];
  }
}
