/** Values in commands, through real shells: they arrive unchanged, byte by byte, and nothing else happens. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../base/testing/any_text.ts";
import { checkArgs, checkShellLine, evaluateArg, evaluateShellLine } from "./command.ts";
import { ExpressionError } from "./problem.ts";
import { parseTemplate } from "./template.ts";

const template = (text: string) => parseTemplate(text).template;

/** Returns the file of a program on PATH, with all links resolved. */
function fileOf(program: string): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      return Deno.realPathSync(`${folder}/${program}`);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Shells of images, those that are installed here. Each once: `sh` is mostly a link to another shell. */
const shells = new Map(
  [["sh"], ["dash"], ["bash"], ["busybox", "sh"], ["zsh"]].flatMap((words) => {
    const file = fileOf(words[0] ?? "");
    return file === undefined ? [] : [[file, words]];
  }),
).values().toArray();

async function outputOf(
  [program = "", ...first]: readonly string[],
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args: [...first, ...words],
    env: { ...environment, HOME: "/home/of mine" },
    stderr: "null",
  }).output();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout);
}

/** Typical pasted text, and text that breaks quoting. */
const nasty = fc.oneof(
  fc.constantFrom(
    "$(echo pwned)",
    "`echo pwned`",
    "'; echo pwned; '",
    '"; echo pwned; "',
    "\\",
    "\\\\n",
    "a\nb\n",
    "* ? [a-z] ~",
    "-n",
    "--",
    "${HOME}",
    "$$",
    "&& echo pwned #",
    "\r\n\t",
    "é\u{1f600}\ufeff",
    "",
    "  two  blanks  ",
    "}}",
    "${{ 1 }}",
  ),
  anyText(),
  fc.array(fc.constantFrom(..."'\"\\$`(){}[]<>|&;*?~#!%^ \n\t=-ab"), { maxLength: 12 })
    .map((characters) => characters.join("")),
).filter((text) => !text.includes("\0") && text.isWellFormed());

Deno.test("`evaluateArg()` keeps a value in its arg, whatever it contains", async () => {
  for (const shell of shells) {
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (a, b) => {
        const word = evaluateArg(template("x${{ a }}-${{ b }}"), { a, b });
        const script = 'printf "%s" "$#:$1"';
        assert.equal(await outputOf(shell, ["-c", script, "sh", word]), `1:x${a}-${b}`);
      }),
      { numRuns: 40 },
    );
  }
});

/** Lines with a single value in them, each with the expected output of `printf`. */
const lines: readonly (readonly [line: string, written: (value: string) => string])[] = [
  ["printf '<%s>' ${{ v }}", (v) => `<${v}>`],
  ["printf '<%s>' a${{ v }}b c", (v) => `<a${v}b><c>`],
  ["printf '<%s>' \"a ${{ v }} b\"", (v) => `<a ${v} b>`],
  ["printf '<%s>' 'q'\"$HOME\"${{ v }}", (v) => `<q/home/of mine${v}>`],
  ["printf '<%s>' ${{ v }}${{ v }} \\\"${{ v }}", (v) => `<${v}${v}><"${v}>`],
  ["X=${{ v }}; printf '<%s>' \"$X\"", (v) => `<${v}>`],
  [
    "d=$(echo a b); e=`echo c`; printf '<%s>' $((1 + 1)) \"${d:-x} ${{ v }}\" ${#e}${{ v }}",
    (v) => `<2><a b ${v}><1${v}>`,
  ],
  ["# no one reads this\nprintf '<%s>' ${{ v }} # nor this", (v) => `<${v}>`],
  [
    "if [ ${{ v }} = x ]; then printf yes; else printf '<%s>' ${{ v }}; fi",
    (v) => v === "x" ? "yes" : `<${v}>`,
  ],
  [
    "case ${{ v }} in x) printf yes;; *) printf '<%s>' ${{ v }};; esac",
    (v) => v === "x" ? "yes" : `<${v}>`,
  ],
  ["for one in ${{ v }}; do printf '<%s>' \"$one\"; done", (v) => `<${v}>`],
];

Deno.test("`evaluateShellLine()` passes a value unchanged, as one argument", async () => {
  for (const [text, written] of lines) {
    assert.deepEqual(checkShellLine(template(text)), [], text);
    for (const shell of shells) {
      await fc.assert(
        fc.asyncProperty(nasty, async (v) => {
          // `[ ( = x ]` and the like are ambiguous to test(1) itself.
          fc.pre(!text.startsWith("if [") || !/^[-(!]/.test(v));
          const { line, environment } = evaluateShellLine(template(text), { v });
          assert.equal(await outputOf(shell, ["-c", line], environment), written(v), line);
        }),
        { numRuns: 15 },
      );
    }
  }
});

/** Fragments of shell, some of which open quotes or brackets that they don't close. */
const piece = fc.constantFrom(
  "a",
  " ",
  " b ",
  "'",
  '"',
  "\\",
  "$HOME",
  "${HOME}",
  "$",
  "#",
  "\n",
  "'q q'",
  '"d $HOME d"',
  "$(echo c)",
  "$(echo $HOME | cat)",
  "$(case a in a) echo x;; esac)",
  "`echo d`",
  "`",
  "$(",
  "${X:-y}",
  "${X:-'y}",
  "$((1+1))",
  "$'e'",
  "${X:-",
  "}",
  ")",
  "<<E\n",
  "$((1+",
  ";:;",
  "{",
  "=",
);

Deno.test("`checkShellLine()` accepts only lines that are safe for hostile values", async () => {
  const hostile = "$(echo pwned)`echo pwned`';echo pwned;'\";echo pwned;\" * \\ #";
  const arrayOfPieces = fc.array(piece, { maxLength: 6 });
  let passed = 0;
  for (const shell of shells) {
    await fc.assert(
      fc.asyncProperty(arrayOfPieces, arrayOfPieces, async (before, after) => {
        const text = `printf '<%s>' ${before.join("")}\${{ v }}${after.join("")}`;
        const { problems } = parseTemplate(text);
        // $$ differs in each process, and so do zsh's $=$ and $#$. A backslash joins two lines.
        if (
          /\$[=#]*\$/.test(text.replaceAll("\\\n", "")) ||
          problems.length + checkShellLine(template(text)).length > 0
        ) {
          return;
        }
        passed++;
        const [harmless, real] = await Promise.all(["harmless", hostile].map(async (v) => {
          const { line, environment } = evaluateShellLine(template(text), { v });
          return await outputOf(shell, ["-c", line], environment);
        }));
        assert.equal(real, harmless?.replaceAll("harmless", () => hostile), text);
      }),
      { numRuns: 250 },
    );
  }
  assert.ok(passed > 100, `only ${passed} lines were run`);
});

/** Lines in which a value is refused; a part of the reason. */
const refused: readonly (readonly [line: string, reason: RegExp])[] = [
  ["echo 'in ${{ v }} single'", /can't be used in '…', where no variable is read/],
  ["echo $(cat ${{ v }})", /can't be used in \$\(…\)/],
  ["x=$(case a in a) echo;; esac) ${{ v }}", /can't be used in \$\(…\)/],
  ["echo `cat ${{ v }}`", /can't be used in `…`/],
  ["echo $((${{ v }} + 1))", /can't be used in \$\(\(…\)\)/],
  ["echo ${X:-${{ v }}}", /can't be used in \$\{…\}/],
  ["cat <<END\n${{ v }}\nEND", /can't be used in a here-document/],
  ["echo $[${{ v }}]", /can't be used in a text that starts with \$\[/],
  ["a[${{ v }}]=1", /can't be used in the index of an array/],
  ["ls # ${{ v }}", /can't be used in a comment/],
  ["echo \\${{ v }}", /can't be used in an escape/],
  ['sh -c "echo ${{ v }}"', /^sh would read the value as code/],
  ["ls; /bin/bash -c ${{ v }}", /^\/bin\/bash would read the value as code/],
  ["echo ${{ v }} | sh", /^sh would read the value as code/],
  ['ls 2>&1 | xargs -I{} sh -c "{} ${{ v }}"', /^sh would read the value as code/],
  ['sh -c "a; echo ${{ v }}"', /^sh would read the value as code/],
  ["eval ${{ v }}", /^eval would read the value as code/],
  ["ssh host ls ${{ v }}", /^ssh would read the value as code/],
  ["awk '{ print }' ${{ v }}", /^awk would read the value as code/],
  ["[[ ${{ v }} -eq 1 ]]", /^\[\[ would read the value as code/],
  ["trap ${{ v }} EXIT", /^trap would read/],
  ["unset ${{ v }}", /^unset would read/],
];

for (const [line, reason] of refused) {
  Deno.test(`checkShellLine() refuses a value in ${JSON.stringify(line)}, with the correct form`, () => {
    const [problem] = checkShellLine(template(line));
    assert.match(problem?.message ?? "", reason);
    assert.match(problem?.message ?? "", /set it in the step's `env`.*"\$NAME"$/);
    assert.equal(line.slice(problem?.start, problem?.end), "${{ v }}");
    assert.throws(() => evaluateShellLine(template(line), { v: "x" }), ExpressionError);
  });
}

Deno.test("`checkShellLine()` refuses a too long line only if it has values", () => {
  const [problem] = checkShellLine(template(`echo ${"a".repeat(33_000)} \${{ v }}`));
  assert.match(problem?.message ?? "", /at most 32 Ki characters/);
  assert.deepEqual(checkShellLine(template(`echo ${"a".repeat(33_000)}`)), []);
});

/** Commands with an arg that is code to its program: the index of that arg, or none. */
const commands: readonly (readonly [words: readonly string[], wrong: number | undefined])[] = [
  [["sh", "-c", "echo ${{ v }}"], 2],
  [["sh", "-c", "${{ v }}"], 2],
  [["/bin/bash", "-euxc", "ls ${{ v }}"], 2],
  [["timeout", "5", "sh", "-c", "ls ${{ v }}"], 4],
  [["env", "A=1", "python3.11", "-c", "print('${{ v }}')"], 4],
  [["node", "--eval=${{ v }}"], 1],
  [["perl", "-ne", "print '${{ v }}'"], 2],
  [["psql", "-U", "app", "-c", "select '${{ v }}'"], 4],
  [["sed", "s/a/${{ v }}/"], 1],
  [["ssh", "host", "ls '${{ v }}'"], 2],
  [["jq", '.items[] | select(.n == "${{ v }}")'], 1],
  [["sh", "-c", 'echo "$1"', "sh", "${{ v }}"], undefined],
  [["sh", "-c", 'echo "$1"', "sh", "--name=${{ v }}"], undefined],
  [["sh", "-c", 'echo "$1"', "sh", "-color=${{ v }}"], undefined],
  [["python3", "tool.py", "--count=${{ v }}"], undefined],
  [["sed", "-n", "1p", "${{ v }}"], undefined],
  [["grep", "-c", "${{ v }}", "file"], undefined],
  [["tar", "-c", "${{ v }}"], undefined],
  [["echo", "a ${{ v }} b"], undefined],
];

for (const [words, wrong] of commands) {
  const title = wrong === undefined ? "takes a value" : "would read a value as code";
  Deno.test(`${JSON.stringify(words.join(" "))} ${title}`, () => {
    const problems = checkArgs(words.map(template));
    assert.deepEqual(problems.map(({ arg: word }) => word), wrong === undefined ? [] : [wrong]);
  });
}

Deno.test("`evaluateArg()` throws for NUL and invalid Unicode", () => {
  for (const v of ["a\0b", "\ud800", null]) {
    assert.throws(() => evaluateArg(template("x${{ v }}"), { v }), ExpressionError);
    assert.throws(() => evaluateShellLine(template("ls ${{ v }}"), { v }), ExpressionError);
  }
  assert.equal(evaluateArg(template("${{ v }}"), { v: ["a", 1] }), '["a",1]');
});
