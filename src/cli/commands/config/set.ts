import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { UsageError } from "../../../base/errors.ts";
import { interruption } from "../../../terminal/driver/signals.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { changeText } from "./setting_text.ts";

/** `kodama config set`. */
export const command = defineCommand({
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
