import { defineCommand } from "../parser/command.ts";
import { success } from "../exit_codes.ts";
import { BadValue } from "../parser/flag.ts";

/* Shell completion scripts: each calls `kodama __complete` and shows its answer. */

/** Shells that have a script. */
const shells = ["bash", "zsh", "fish", "powershell"] as const;

/** One of {@link shells}. */
export type Shell = typeof shells[number];

/** Names that are completed. kubectl runs `kubectl_complete-kodama` for its plugins itself. */
const names = ["kodama", "kpod", "kwekash"];

/** Returns the script of a shell, to be sourced by it. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish, powershell }[shell];
}

// COMP_WORDBREAKS has `=` and `:` in it, so bash passes `--output=js` as three args and replaces the
// last one alone: the line is split by hand, and the part before the argument's last break is cut off.
const bash = `# bash completion for kodama
_kodama() {
  local line word offers directive cut program before
  line=\${COMP_LINE:0:COMP_POINT}
  local -a words
  read -ra words <<<"$line"
  [[ $line == *' ' ]] && words+=('')
  word=\${words[\${#words[@]}-1]}
  # An alias isn't expanded here: it is taken for one of kodama.
  program=\${words[0]}
  [[ $(type -t "$program") == file ]] || program=kodama
  offers=$("$program" __complete "\${words[@]:1}" 2>/dev/null) || return
  directive=\${offers##*:}
  offers=\${offers%:*}
  cut=
  [[ $word == --*=* && $COMP_WORDBREAKS != *=* ]] && cut=\${word%%=*}=
  [[ $word == --*=* ]] && word=\${word#*=}
  before=
  [[ $word == *[=:]* && $COMP_WORDBREAKS == *=* ]] && before=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  local offer
  while IFS= read -r offer; do
    [[ -n $offer ]] && offer=\${offer%%$'\\t'*} COMPREPLY+=("$cut\${offer#"$before"}")
  done <<<"$offers"
  (( directive & 2 )) && compopt -o nospace 2>/dev/null
  if (( directive == 0 )) && (( \${#COMPREPLY[@]} == 0 )); then
    compopt -o default 2>/dev/null
  fi
}
complete -F _kodama ${names.join(" ")}
`;

const zsh = `#compdef ${names.join(" ")}
_kodama() {
  local -a lines offers
  local line directive
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  directive=\${lines[-1]#:}
  for line in "\${(@)lines[1,-2]}"; do
    # _describe takes "word:description"; a colon of the word's own is escaped.
    case $line in
      *$'\\t'*) offers+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) offers+=("\${line//:/\\\\:}") ;;
    esac
  done
  [[ $PREFIX == --*=* ]] && compset -P '*='
  if (( \${#offers} )); then
    if (( directive & 2 )); then
      _describe -V kodama offers -S ''
    else
      _describe -V kodama offers
    fi
  elif [[ $directive == 0 ]]; then
    _files
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _kodama "$@"
else
  compdef _kodama ${names.join(" ")}
fi
`;

const fish = `# fish completion for kodama
function __kodama_offers
  set -l words (commandline --tokenize --cut-at-cursor)
  set -l partial (commandline --current-token --cut-at-cursor)
  set -l lines ($words[1] __complete $words[2..-1] $partial 2>/dev/null)
  set -l before (string match --regex -- '^--[^=]+=' $partial)
  for line in $lines[1..-2]
    printf '%s%s\\n' "$before" $line
  end
  if test "$lines[-1]" = ':0'
    __fish_complete_path $partial
  end
end
${
  names.map((name) => `complete --command ${name} --no-files --arguments '(__kodama_offers)'`)
    .join("\n")
}
`;

const powershell = `# PowerShell completion for kodama
Register-ArgumentCompleter -Native -CommandName ${names.join(", ")} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -le $cursorPosition } | ForEach-Object { "$_" })
  $program, $rest = $words
  $rest = @($rest)
  if ($wordToComplete -eq '') { $rest += '' }
  $before = if ($wordToComplete -match '^(--[^=]+=)') { $Matches[1] } else { '' }
  & $program __complete @rest 2>$null | Where-Object { $_ -notmatch '^:\\d+$' } | ForEach-Object {
    $value, $summary = $_ -split "\`t", 2
    if (-not $summary) { $summary = $value }
    [System.Management.Automation.CompletionResult]::new("$before$value", $value, 'ParameterValue', $summary)
  }
}
`;

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
  examples: {
    "For the current bash": "source <(kodama completion bash)",
    "For every new bash":
      "kodama completion bash > ~/.local/share/bash-completion/completions/kodama",
    "For zsh, in a folder of $fpath": 'kodama completion zsh > "${fpath[1]}/_kodama"',
    "For fish": "kodama completion fish > ~/.config/fish/completions/kodama.fish",
    "For PowerShell, in its profile":
      "kodama completion powershell | Out-String | Invoke-Expression",
  },
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
