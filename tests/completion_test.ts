/** Completion in real shells: what they offer after a line that a person has begun. */
import { noneOf, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { completionScript, type Shell } from "../src/cli/commands/completion.ts";
import { builtKodama } from "./harness/built_kodama.ts";

/** Lines as typed up to the Tab key, and what is offered. */
const lines: readonly (readonly [line: string, offers: string[]])[] = [
  ["kodama clus", ["cluster"]],
  ["kodama cluster ", ["down", "status", "up"]],
  ["kodama exec --output-m", ["--output-mode"]],
  ["kodama exec --output-mode ra", ["raw"]],
  ["kpod --sor", ["--sort"]],
  ["kpod --sort na", ["name"]],
  ["kwekash --li", ["--list"]],
  ["kodama run kwek", ["kwekash"]],
  ["kodama completion f", ["fish"]],
];

/** A shell that sources the script on its standard input, and prints its offers for `$LINE`. */
const drivers: Partial<Record<Shell, { program: string; args: string[]; offers: string }>> = {
  bash: {
    program: "bash",
    args: ["--norc", "-s"],
    offers: `
      COMP_LINE=$LINE COMP_POINT=\${#LINE}
      _kodama
      printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  zsh: {
    program: "zsh",
    args: ["-f", "-s"],
    // Without a line editor there is no _describe: a stand-in prints what it is given.
    offers: `
      compset() { }
      _files() { }
      _describe() { print -l -- "\${(@)\${(@P)3}%%:*}" }
      words=("\${(@Q)\${(z)LINE}}")
      [[ $LINE == *' ' ]] && words+=('')
      CURRENT=\${#words} PREFIX=\${words[-1]}
      _kodama`,
  },
  fish: {
    program: "fish",
    args: ["--no-config"],
    offers: `
      complete --do-complete $LINE | string replace --regex '\\t.*' ''`,
  },
};

for (const [shell, driver] of Object.entries(drivers)) {
  const missing = noneOf({ [shell]: await isThere(driver.program) ? driver.program : undefined });
  for (const [line, offers] of lines) {
    Deno.test({
      ...unless(missing, `${shell} offers after: ${line}`),
      fn: async () => {
        const text = completionScript(shell as Shell);
        assert.deepEqual(await offered(driver, text, line), offers);
      },
    });
  }
}

async function offered(
  { program, args, offers }: NonNullable<typeof drivers[Shell]>,
  script: string,
  line: string,
): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-completion-" });
  try {
    const before = program === "zsh" ? "compdef() { }\n" : "";
    const child = new Deno.Command(program, {
      args,
      env: {
        PATH: `${await builtKodama()}/bin:${Deno.env.get("PATH")}`,
        HOME: folder,
        LINE: line,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${before}${script}\n${offers}\n`));
    await writer.close();
    const { stdout, stderr } = await child.output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).split("\n").filter((one) => one !== "").sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function isThere(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    return false;
  }
}
