/** Editors of this machine that open a folder of an SSH host. Pure. */

const vscodeEditors = ["code", "code-insiders", "codium", "cursor", "windsurf"] as const;

/** Their commands. */
export const editorNames = [...vscodeEditors, "zed"] as const;

/** One of them. */
export type EditorName = (typeof editorNames)[number];

/** Returns the command that opens the workspace of a host. */
export function editorCommand(editor: EditorName, host: string): string[] {
  return editor === "zed"
    ? [editor, `ssh://${host}/workspace`]
    : [editor, "--remote", `ssh-remote+${host}`, "/workspace"];
}
