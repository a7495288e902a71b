import { completionScript, shells } from "../parser/completion_scripts.ts";
import { defineCommand } from "../parser/command.ts";
import { success } from "../exit_codes.ts";
import { BadValue } from "../parser/flag.ts";

/** `kodama completion SHELL`. */
export const command = defineCommand({
  description:
    "Prints a completion script for a shell. It completes the commands, flags and values of kodama, " +
    "kpod and kwekash, including contexts, namespaces and pods.",
  operands: [{
    name: "SHELL",
    arity: "one",
    completion: { kind: "values", values: shells.map((value) => ({ value })) },
  }],
  flags: {},
  examples: [
    { title: "For the current bash", line: "source <(kodama completion bash)" },
    {
      title: "For every new bash",
      line: "kodama completion bash > ~/.local/share/bash-completion/completions/kodama",
    },
    {
      title: "For zsh, in a folder of $fpath",
      line: 'kodama completion zsh > "${fpath[1]}/_kodama"',
    },
    { title: "For fish", line: "kodama completion fish > ~/.config/fish/completions/kodama.fish" },
    {
      title: "For PowerShell, in its profile",
      line: "kodama completion powershell | Out-String | Invoke-Expression",
    },
  ],
  resolve({ operands: [word = ""] }) {
    const shell = shells.find((one) => one === word);
    if (shell === undefined) {
      // Without a nearest name: no shell's script is of use to another shell.
      throw new BadValue(word, `must be one of ${shells.join(", ")}`).of("SHELL");
    }
    return { shell };
  },
  async run({ shell }, { terminal }) {
    await terminal.stdout.write(completionScript(shell));
    return success;
  },
});
