/** Editors of this machine that open a folder of an SSH host. Pure. */

const vscodeEditors = ["code", "code-insiders", "codium", "cursor", "windsurf"] as const;

/** Their commands. */
export const editorNames = [...vscodeEditors, "zed"] as const;

/** An editor's name. */
export type EditorName = (typeof editorNames)[number];

/** Returns the command that opens a folder of a host. */
export function editorCommand(editor: EditorName, host: string, folder = "/workspace"): string[] {
  return editor === "zed"
    ? [editor, `ssh://${host}${encodeURI(folder)}`]
    : [editor, "--remote", `ssh-remote+${host}`, folder];
}
