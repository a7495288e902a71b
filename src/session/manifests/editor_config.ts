/** The editors' configuration of a new session, and a repository's own that replaces it. Pure. */
import type { ConfigMap } from "../../kube/types.ts";
import type { Session } from "../model.ts";
import { sessionLabels, sessionNames } from "../names.ts";

/** The files of `.kodama/configs/` that replace these, and their paths below `~/.config`. */
export const editorFiles = {
  "helix-config.toml": "helix/config.toml",
  "helix-languages.toml": "helix/languages.toml",
  "zellij-config.kdl": "zellij/config.kdl",
} as const;

/** The name of such a file. */
export type EditorFile = keyof typeof editorFiles;

const defaults: Readonly<Record<EditorFile, string>> = {
  "helix-config.toml": `theme = "default"

[editor]
line-number = "relative"
cursorline = true
bufferline = "multiple"
color-modes = true
# What an agent changes beside you is seen, and what you change is saved for it.
auto-save = true

[editor.file-picker]
hidden = false

[editor.cursor-shape]
insert = "bar"
normal = "block"
select = "underline"
`,
  "helix-languages.toml": `# Language servers of the image are found by their names; add yours here.
`,
  "zellij-config.kdl": `// Alt leaves Ctrl to the programs in the panes.
default_layout "compact"
pane_frames false
mouse_mode true
scroll_buffer_size 50000
session_serialization false
show_startup_tips false
default_shell "bash"
`,
};

/** Characters of a file: an editor's configuration is written by hand. */
export const maxEditorFile = 128 * 1024;

/** The ConfigMap. */
export function editorConfig(
  session: Pick<Session, "name" | "namespace" | "spec">,
  overrides: Readonly<Partial<Record<EditorFile, string>>>,
): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: sessionNames(session.name).editorConfig,
      namespace: session.namespace,
      labels: sessionLabels(session, "editor"),
    },
    data: { ...defaults, ...overrides },
  };
}
