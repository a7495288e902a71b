/** The page of settings and variables, from the program's own declarations. Written by `deno task schema:update`. */
import * as v from "valibot";
import type { FileSchema } from "../src/base/yaml/shape.ts";
import { leaves } from "../src/cli/parser/node.ts";
import { tree } from "../src/cli/tree.ts";
import { defaultSettings, settingVariables } from "../src/config/default_settings.ts";
import { allSettings, joinKey } from "../src/config/setting_key.ts";
import { settingIn } from "../src/config/settings_file.ts";

/** Variables that kodama reads and that belong neither to a setting nor to a flag, with their meanings. */
const furtherVariables: Readonly<Record<string, string>> = {
  KODAMA_CONFIG_DIR: "the folder for kodama's own files: `config.yaml`, records of runs, your " +
    "workflows and templates (default `~/.kodama`)",
  KODAMA_ALLOW_RUN: "further programs that kodama may start, such as a credential plugin: names " +
    "or paths with commas between them ([permissions](permissions.md))",
  KODAMA_PROGRESS:
    "`none`: no lines about progress: no status line on a terminal, and elsewhere none of " +
    "the lines that a command of over a second prints now and then",
  KODAMA_DEBUG: "if set, errors have a stack and their causes",
  KODAMA_MCP_TOKEN:
    "token of `kodama mcp --http`, of at least 16 characters (default a new one at each start)",
  KODAMA_CLUSTER_ISOLATION:
    "how the embedded cluster isolates containers: `root`, `userNamespace` " +
    "or `plain` (default `best`, the first of these that works; [limits](cluster.md#limits))",
};

/** Variables that kodama sets for a command in a pod, with their meanings. */
const podVariables: Readonly<Record<string, string>> = {
  KODAMA_POD: "name of the pod",
  KODAMA_NAMESPACE: "namespace of the pod",
  KODAMA_NODE: "node of the pod",
  KODAMA_INDEX: "number of the pod in the run, from 0",
  KODAMA_TOTAL: "number of pods in the run",
  KODAMA_SESSION: "in a session's pod: name of the session",
};

/** Variables of other programs, with what kodama does with them. */
const knownVariables: Readonly<Record<string, string>> = {
  KUBECONFIG: "kubeconfig files, as kubectl reads them",
  NO_COLOR: "if not empty, output has no colours, unless `--color` asks for them",
  "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "the proxy to API servers, as kubectl reads them",
  SSL_CERT_FILE: "certificate authorities for a server whose kubeconfig names none",
  GITHUB_TOKEN: "token for a session's private repository ([sessions](sessions.md))",
};

const intro = `<!-- Made by \`deno task schema:update\`. -->

# Settings and variables

A setting's value comes from the first of these that has one: the flag, the variable, a session's
template (\`--template\`), \`.kodama.yaml\` in the working directory or above it, \`config.yaml\` in
kodama's folder (\`~/.kodama\`, or \`$KODAMA_CONFIG_DIR\`), the default. Files of a repository can set only
[some settings](security.md#settings-of-a-repository); others are ignored with a note.

\`\`\`sh run
kodama config view                        # every setting with a value, and where it comes from
kodama config set exec.outputMode fold    # writes config.yaml; comments in it are preserved
kodama config unset exec.outputMode
\`\`\`

Both files have the same form; \`kodama config schema\` prints its JSON Schema, for editors.

\`\`\`yaml
exec:
  outputMode: fold
  fanout: 64
defaults:
  namespace: dev-sessions
\`\`\`

## Settings
`;

const tracing = [
  "As with kubectl, `-v 6` prints each request to an API server on standard error: its time (UTC), method,",
  "URL, status and duration. `-v 7` and above also print the protocol of a stream (WebSocket or SPDY),",
  "retries and reconnects. Every command that connects to a cluster has it. Headers and bodies are never",
  "printed, and values in the URL that may be secret, such as the words of a command, are `***`.",
  "",
  "```sh run",
  "kodama exec -n weka-operator-system -m drive -v 7 -- hostname",
  "KODAMA_VERBOSE=6 kodama pods -n weka-operator-system",
  "```",
];

/** Returns the page. Its tables aren't aligned: formatting skips the file. */
export async function settingsPage(): Promise<string> {
  const sections = [
    intro,
    ...settingsTable(),
    "",
    "## Variables",
    "",
    ...variablesTable({ ...await flagVariables(), ...furtherVariables }),
    "",
    "kodama reads these too:",
    "",
    ...variablesTable(knownVariables),
    "",
    "## Tracing requests",
    "",
    ...tracing,
    "",
    "## Variables of a command in a pod",
    "",
    "`kodama exec` and `kodama shell` set these for the command that they run:",
    "",
    ...variablesTable(podVariables),
    "",
  ];
  return sections.join("\n");
}

function settingsTable(): string[] {
  const variables = new Map<string, string>(
    Object.entries(settingVariables).map(([variable, key]) => [key, variable]),
  );
  const rows = allSettings().map(({ path, schema }) => {
    const key = joinKey(path);
    const standard = settingIn(defaultSettings, path);
    const variable = variables.get(key);
    return [
      `\`${key}\``,
      descriptionOf(schema),
      standard === undefined ? "" : `\`${standard}\``,
      variable === undefined ? "" : `\`${variable}\``,
    ];
  });
  return table(["setting", "meaning", "default", "variable"], rows);
}

/** Variables that are read for flags which aren't given: each with the flag's own help. */
async function flagVariables(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [, leaf] of leaves(tree)) {
    const { command } = await leaf.load();
    for (const [name, { variable, summary }] of Object.entries(command.flags)) {
      if (variable !== undefined) found[variable] ??= `\`--${name}\`: ${summary}`;
    }
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => a < b ? -1 : 1));
}

function variablesTable(variables: Readonly<Record<string, string>>): string[] {
  const rows = Object.entries(variables)
    .map(([names, meaning]) => [names.replace(/\w+/g, "`$&`"), meaning]);
  return table(["variable", "meaning"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function descriptionOf(schema: FileSchema): string {
  const inner = "wrapped" in schema ? schema.wrapped as FileSchema : schema;
  return v.getDescription(inner as Parameters<typeof v.getDescription>[0]) ?? "";
}
