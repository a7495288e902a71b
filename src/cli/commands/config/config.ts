/** `kodama config`. */
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruption } from "../../../terminal/driver/signals.ts";
import { tableLines } from "../../../terminal/table.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { success } from "../../exit_codes.ts";
import { renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, value } from "../../parser/flag.ts";
import type {
  ConfigChange,
  EffectiveSetting,
  ModelSettingWarning,
  SettingOrigin,
} from "../../../actions/config/config.ts";
import { didYouMeanText } from "../../../base/nearest_names.ts";
import { printable } from "../../../terminal/printable.ts";

/** `kodama config get`. */
const get = defineCommand({
  description:
    "Prints the effective value of a setting. It comes from an environment variable, the repository's " +
    ".kodama.yaml, your config.yaml or the default, in this order. The key of a group prints each of " +
    "its settings.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: [
    { title: "Print one setting", line: "kodama config get exec.fanout" },
    { title: "Print a group of settings", line: "kodama config get exec" },
  ],
  exitCodes: [["0", "the setting has a value"], ["1", "the setting has no value"], [
    "2",
    "there is no such setting",
  ]],
  seeAlso: ["kodama config view --help prints all settings and their sources."],
  resolve: ({ operands: [key = ""] }) => ({ key }),
  async run({ key }, { host, terminal }) {
    const { getConfig } = await import("../../../actions/config/config.ts");
    const settings = await getConfig(await host(), key);
    const [first, ...others] = settings;
    if (first === undefined) throw new KodamaError("notFound", `${key} is not set`);
    const single = others.length === 0 && first.key === key;
    const lines = single
      ? [settingValueText(first.value)]
      : settings.map((one) => `${one.key}=${settingValueText(one.value)}`);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

/** `kodama config set`. */
const set = defineCommand({
  description:
    "Changes a setting in your config.yaml, which is created if it doesn't exist. Comments in the " +
    "file are retained. A value that the schema doesn't allow is refused.\n\n" +
    "The value - of a key in model_keys is read from standard input, so that it isn't in the history of your shell; " +
    "on a terminal it is typed without being shown.",
  operands: [
    { name: "KEY", arity: "one", completion: { kind: "configKeys" } },
    { name: "VALUE", arity: "one", completion: { kind: "configValues" } },
  ],
  flags: {},
  examples: [
    { title: "Use fewer pods at the same time", line: "kodama config set exec.fanout 8" },
    {
      title: "Store a key that another program prints",
      line: "kodama config set model_keys.anthropic -",
    },
    {
      title: "Set a list",
      line: 'kodama config set sync.excludePatterns \'["*.log", "dist/"]\'',
    },
  ],
  exitCodes: [["0", "the setting has the value"], [
    "2",
    "there is no such setting, or it can't have the value",
  ]],
  seeAlso: ["kodama config schema prints all settings."],
  resolve: ({ operands: [key = "", value = ""] }) => ({ key, value }),
  async run({ key, value }, { host, terminal, signals }) {
    const { isSecretKey, setConfig } = await import("../../../actions/config/config.ts");
    let secret: string | undefined;
    if (isSecretKey(key)) {
      if (value === "-") {
        const { interruptible } = await import("../../../terminal/driver/signals.ts");
        secret = await interruptible(signals, (signal) => readSecret(terminal, key, signal));
      } else {
        await terminal.stderr.write(
          "warning: the key is in the history of your shell; - as the value reads it from standard input\n",
        );
      }
    }
    await terminal.stderr.write(changeText(await setConfig(await host(), key, secret ?? value)));
    return success;
  },
});

/** Enter, Ctrl-C and Ctrl-D. */
const ends: ReadonlySet<string> = new Set(["\r", "\n", "\x03", "\x04"]);

/** More than any key. */
const maxSecretLength = 16 * 1024;

/** Reads one secret: on a terminal what is typed until Enter, without showing it; else all of standard input. */
async function readSecret(
  { stdin, stderr }: Terminal,
  key: string,
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  using _raw = stdin.isTerminal ? stdin.raw() : undefined;
  if (stdin.isTerminal) {
    await stderr.write(`${key} (not shown): `);
    await stderr.flush();
  }
  for await (const chunk of stdin.chunks(signal)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxSecretLength) throw new UsageError(`the value of ${key} is too long`);
    // In raw mode Ctrl-C and Ctrl-D are characters.
    const end = stdin.isTerminal ? [...text].findIndex((one) => ends.has(one)) : -1;
    if (end < 0) continue;
    await stderr.write("\r\n");
    const typed = [...text];
    if (typed[end] === "\x03") throw interruption("SIGINT");
    text = typed.slice(0, end).join("");
    break;
  }
  const secret = stdin.isTerminal ? withoutErased(text) : text;
  if (secret.trim() === "") throw new UsageError(`the value of ${key} is empty`);
  return secret.trim();
}

/** Applies Backspace, which raw mode passes on. */
function withoutErased(text: string): string {
  const characters: string[] = [];
  for (const one of text) {
    if (one === "\x7f" || one === "\b") characters.pop();
    else characters.push(one);
  }
  return characters.join("");
}

/** `kodama config unset`. */
const unset = defineCommand({
  description:
    "Removes a setting, or a group of settings, from your config.yaml. Its default applies again.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: [{ title: "Return to the default", line: "kodama config unset exec.fanout" }],
  seeAlso: ["kodama config view --help prints the effective settings."],
  resolve: ({ operands: [key = ""] }) => ({ key }),
  async run({ key }, { host, terminal }) {
    const { unsetConfig } = await import("../../../actions/config/config.ts");
    await terminal.stderr.write(changeText(await unsetConfig(await host(), key)));
    return success;
  },
});

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama config view`. */
const view = defineCommand({
  description: "Prints every setting that has a value, and its source.",
  flags: {
    output: value("output format: data instead of a table", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "Print the effective settings", line: "kodama config view" },
    { title: "As JSON, for a script", line: "kodama config view -o json" },
  ],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { viewConfig } = await import("../../../actions/config/config.ts");
    const settings = await viewConfig(await host());
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(settings.map(settingData), format));
      return success;
    }
    const rows = settings.map((one) => [
      one.key,
      settingValueText(one.value),
      originText(one.origin),
    ]);
    const lines = tableLines(["KEY", "VALUE", "FROM"], rows);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

/** `kodama config path`. */
const path = defineCommand({
  description:
    "Prints the path of your config.yaml, even if it doesn't exist. $KODAMA_CONFIG_DIR changes its " +
    "folder.",
  flags: {},
  examples: [{ title: "Open the file in an editor", line: '"$EDITOR" "$(kodama config path)"' }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { places } = await host();
    await terminal.stdout.write(`${places.configDir}/config.yaml\n`);
    return success;
  },
});

/** `kodama config schema`. */
const schema = defineCommand({
  description:
    "Prints the JSON Schema of config.yaml and .kodama.yaml, for editors and as a reference of all " +
    "settings.",
  flags: {},
  examples: [
    { title: "For an editor", line: "kodama config schema > kodama-config.schema.json" },
  ],
  resolve: () => ({}),
  async run(_options, { terminal }) {
    const { configSchema } = await import("../../../actions/config/config.ts");
    await terminal.stdout.write(jsonDocument(await configSchema()));
    return success;
  },
});

/* Settings as text. */

/** Formats a value for a person or a script: a text as it is, anything else as JSON. */
function settingValueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Returns the source of a setting: a file, a variable, or the default. */
function originText(origin: SettingOrigin): string {
  switch (origin.kind) {
    case "environment":
      return `$${origin.variable}`;
    case "template":
    case "repository":
    case "user":
      return origin.path;
    case "default":
      return "default";
  }
}

/** Returns a setting as data. */
function settingData({ key, value, origin }: EffectiveSetting) {
  return { key, value, origin: origin.kind, from: originText(origin) };
}

/** Returns the lines for standard error. */
function changeText({ path, changed, warnings }: ConfigChange): string {
  const lines = [
    ...warnings.map((one) => `warning: ${warningText(one)}`),
    `${path} ${changed ? "is changed" : "unchanged"}`,
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function warningText(warning: ModelSettingWarning): string {
  switch (warning.kind) {
    case "noProvider": {
      const { model, near } = warning;
      return `"${model}" names no provider, so it will be requested from Ollama as ollama/${model}` +
        didYouMeanText(near).replace(/\?$/, "");
    }
    case "keyForm":
      return `this hasn't the usual form of a key for ${warning.provider} (${warning.expected})`;
  }
}

/** The commands of this file, by name. */
export const commands = { get, set, unset, view, path, schema };
