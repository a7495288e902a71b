/** Values that a shell could take for a variable's name, through real shells. */
import assert from "node:assert/strict";
import { checkShellLine, evaluateShellLine } from "./command.ts";
import { parseTemplate } from "./template.ts";

const template = (text: string) => parseTemplate(text).template;

/** Shells of images, those that are installed here. */
const shells = [["sh"], ["dash"], ["bash"], ["busybox", "sh"], ["zsh"]].filter(([program = ""]) =>
  (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  })
);

/** Lines in which bash or zsh would take a value for a variable's name, and whether each is refused. */
const namePlaces: readonly (readonly [line: string, isRefused: boolean])[] = [
  ["test -v ${{ v }}", true],
  ["[ -v ${{ v }} ] && echo yes", true],
  ['[ ! -v "${{ v }}" ]', true],
  ["[ a = b -o -R ${{ v }} ]", true],
  ["builtin test -v ${{ v }}", true],
  ["test ${{ w }} ${{ v }}", true],
  ["printf ${{ v }} x", true],
  ['printf "${{ v }}" x', true],
  ["printf -v ${{ v }} x", true],
  ["printf -va${{ v }} x", true],
  ["echo x | read ${{ v }}", true],
  ["mapfile -C ${{ v }} -c 1 x", true],
  ["sleep 0 & wait -n -p ${{ v }}", true],
  ["f() { local ${{ v }}=1; }; f", true],
  ["export ${{ v }}=1", true],
  ["compgen -W ${{ v }}", true],
  ["x=([${{ v }}]=1)", true],
  ["test -e ${{ v }}", false],
  ["test ${{ v }} = x", false],
  ["[ ${{ v }} = x ] || [ x = ${{ v }} ]", false],
  ["[ ${{ v }} -eq 1 ]", false],
  ["test -n ${{ v }} && test ${{ v }}", false],
  ["printf '%s' ${{ v }} ${{ v }}", false],
  ["printf '%d' ${{ v }}", false],
  ["export X=${{ v }}", false],
  ["x=(a ${{ v }})", false],
];

Deno.test("`checkShellLine()` refuses a value that a shell could take for a variable's name", async () => {
  const v = "a[$(echo pwned >&2)0]";
  for (const [text, isRefused] of namePlaces) {
    const problems = checkShellLine(template(text));
    assert.equal(problems.length > 0, isRefused, text);
    if (isRefused) continue;
    for (const [program = "", ...first] of shells) {
      const { line, environment } = evaluateShellLine(template(text), { v });
      const args = [...first, "-c", line];
      const { stderr } = await new Deno.Command(program, { args, env: environment }).output();
      assert.doesNotMatch(new TextDecoder().decode(stderr), /^pwned$/m, `${program}: ${text}`);
    }
  }
});
