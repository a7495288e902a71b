/** `kodama config`. */
import type { Clock } from "../../../base/clock.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruption } from "../../../terminal/driver/signals.ts";
import { tableLines } from "../../../terminal/table.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { success } from "../../exit_codes.ts";
import { dataFlag, renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import type {
  ConfigChange,
  EffectiveSetting,
  ModelSettingWarning,
  SettingOrigin,
} from "../../../actions/config/config.ts";
import { didYouMeanText } from "../../../base/nearest_names.ts";
import { printable } from "../../../terminal/printable.ts";

const get = defineCommand({
  description:
    "Prints the effective value of a setting. It comes from an environment variable, the repository's " +
    ".kodama.yaml, your config.yaml or the default, in this order. The key of a group prints each of " +
    "its settings.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: {
    "Print one setting": "kodama config get exec.fanout",
    "Print a group of settings": "kodama config get exec",
  },
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
  examples: {
    "Use fewer pods at the same time": "kodama config set exec.fanout 8",
    "Store a key that another program prints": "kodama config set model_keys.anthropic -",
    "Set a list": 'kodama config set sync.excludePatterns \'["*.log", "dist/"]\'',
  },
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
        const { clock } = await host();
        secret = await interruptible(
          signals,
          (signal) => secretOf(terminal, key, { clock, signal }),
        );
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

/** Maximum characters of a secret on standard input. */
const maxSecretLength = 16 * 1024;

/** Reads a secret: from the terminal, where it isn't shown, else all of standard input. */
async function secretOf(
  terminal: Terminal,
  key: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string> {
  const secret = terminal.stdin.isTerminal
    ? await typedSecret(terminal, key, { clock, signal })
    : await pipedSecret(terminal, key, signal);
  if (secret.trim() === "") throw new UsageError(`the value of ${key} is empty`);
  return secret.trim();
}

async function typedSecret(
  terminal: Terminal,
  key: string,
  on: { clock: Clock; signal: AbortSignal },
): Promise<string> {
  const { readSecret } = await import("../../read_secret.ts");
  const end = await readSecret(terminal, `${key} (not shown): `, on);
  if (end.kind === "interrupted") throw interruption("SIGINT");
  return end.kind === "typed" ? end.text : "";
}

async function pipedSecret(
  { stdin }: Terminal,
  key: string,
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdin.chunks(signal)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxSecretLength) throw new UsageError(`the value of ${key} is too long`);
  }
  return text;
}

/** `kodama config unset`. */
const unset = defineCommand({
  description:
    "Removes a setting, or a group of settings, from your config.yaml. Its default applies again.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: { "Return to the default": "kodama config unset exec.fanout" },
  seeAlso: ["kodama config view --help prints the effective settings."],
  resolve: ({ operands: [key = ""] }) => ({ key }),
  async run({ key }, { host, terminal }) {
    const { unsetConfig } = await import("../../../actions/config/config.ts");
    await terminal.stderr.write(changeText(await unsetConfig(await host(), key)));
    return success;
  },
});

/** `kodama config view`. */
const view = defineCommand({
  description: "Prints every setting that has a value, and its source.",
  flags: { output: dataFlag("output format: data instead of a table") },
  examples: {
    "Print the effective settings": "kodama config view",
    "As JSON, for a script": "kodama config view -o json",
  },
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

const path = defineCommand({
  description:
    "Prints the path of your config.yaml, even if it doesn't exist. $KODAMA_CONFIG_DIR changes its " +
    "folder.",
  flags: {},
  examples: { "Open the file in an editor": '"$EDITOR" "$(kodama config path)"' },
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { places } = await host();
    await terminal.stdout.write(`${places.configDir}/config.yaml\n`);
    return success;
  },
});

const schema = defineCommand({
  description:
    "Prints the JSON Schema of config.yaml and .kodama.yaml, for editors and as a reference of all " +
    "settings.",
  flags: {},
  examples: { "For an editor": "kodama config schema > kodama-config.schema.json" },
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
