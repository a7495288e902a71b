/** Workflow files in the editor: `kodama lsp` for problems, completion and hover, and lenses over the steps. */
import type * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import type { Kodama } from "./kodama.ts";
import { workflowGlob } from "./workflow_path.ts";

/** Starts the language server; it ends with the window. */
export async function startLanguageServer(
  kodama: Kodama,
  log: vscode.LogOutputChannel,
): Promise<vscode.Disposable> {
  const client = new LanguageClient(
    "kodama",
    "kodama workflows",
    { command: kodama.path, args: ["lsp"] },
    {
      documentSelector: [{ scheme: "file", language: "yaml", pattern: workflowGlob }],
      outputChannel: log,
    },
  );
  await client.start();
  return { dispose: () => void client.stop() };
}
