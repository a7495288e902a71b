import { commandHint } from "../../present/hints.ts";
import assert from "node:assert/strict";
import { allAnswers, destructive, flagAnswer, objectAnswer, verbAnswer } from "./other_tools.ts";
import { leaves, nodeAt } from "./node.ts";
import { sortArgs } from "./parse.ts";
import { programOf } from "../program.ts";
import { tree } from "../tree.ts";
import { removals } from "../../base/removed.ts";
import { unknownCommand } from "./unknown_command.ts";

const program = programOf("kodama");

const verbs: readonly (readonly [words: string, hint: RegExp])[] = [
  ["events", /^kodama k events/],
  ["describe", /^kodama k describe/],
  ["just", /^kodama k VERB/],
  ["theme", /^there are no themes/],
  ["port-forward", /^kodama forward/],
  ["apply", /^kodama k apply/],
  ["ps", /^kodama pods lists pods/],
  ["ns", /^-n NAME/],
  ["stern", /^kodama logs -f/],
  ["scale", /^kodama k scale runs kubectl/],
  ["exce", /^did you mean kodama exec\?$/],
  ["lgos", /^did you mean kodama logs\?$/],
  ["session ssh", /^kodama attach NAME/],
  ["session prompt", /^did you mean kodama prompt\?$/],
  ["session reusme", /^did you mean kodama session resume\?$/],
  ["workflow run", /^did you mean kodama run\?$/],
  ["agent stop", /^kodama interrupt/],
  ["cluster start", /^kodama cluster up/],
  ["config restore", /^kodama config --help lists the commands$/],
];

for (const [words, hint] of verbs) {
  Deno.test(`unknownCommand() answers "${words}"`, async () => {
    const path = words.split(" ");
    const error = await unknownCommand(path.pop() ?? "", path, tree, program);
    assert.match(commandHint(error.hint ?? ""), hint);
  });
}

Deno.test("unknownCommand() proposes no command that ends or deletes something", async () => {
  for (const arg of ["stpo", "stopp", "delte", "deleted", "interupt", "restor", "dwon", "revok"]) {
    for (const path of [[], ["cluster"], ["session"], ["snapshots"]]) {
      const { hint = "" } = await unknownCommand(arg, path, tree, program);
      for (const verb of destructive) {
        assert.doesNotMatch(commandHint(hint), new RegExp(` ${verb}\\?`), arg);
      }
    }
  }
});

Deno.test("words of other tools that kodama has itself have no answer", async () => {
  for (const path of [[], ...Object.keys(tree.commands).map((name) => [name])]) {
    const node = nodeAt(tree, path);
    const names = node?.kind === "branch" ? Object.keys(node.commands) : [];
    for (const name of names) assert.equal(verbAnswer(name, path), undefined, name);
  }
  for (const [path, leaf] of leaves(tree)) {
    const { command } = await leaf.load();
    for (const name of Object.keys(command.flags)) {
      const own = flagAnswer(name, path.join(" "));
      const general = flagAnswer(name, "");
      assert.ok(own === undefined || own === general, `${path.join(" ")} --${name}`);
    }
  }
});

Deno.test("objects of other tools are no sessions, and names that sessions may have are", () => {
  const answers:
    readonly (readonly [path: string, operands: string, answer: RegExp | undefined])[] = [
      ["get", "pod web-0", /^kodama k get pod web-0 /],
      ["session delete", "deploy/web", /^kodama k delete deploy\/web /],
      ["delete", "web.yaml", /^kodama k delete -f web\.yaml /],
      ["set", "image deploy/web a=b", /^kodama k set image /],
      ["list", "pods", /kodama pods/],
      ["attach", "pod/web-0", /^kodama shell/],
      ["stop", "deploy/web", /^kodama k VERB/],
      ["get", "web", undefined],
      ["get", "deploy", undefined],
      ["delete", "web-0 other", undefined],
      ["prompt", "pod/web-0", undefined],
      ["snapshots delete", "a/b", undefined],
    ];
  for (const [path, operands, answer] of answers) {
    const actual = objectAnswer(path, operands.split(" "));
    if (answer === undefined) assert.equal(actual, undefined, `${path} ${operands}`);
    else assert.match(actual ?? "", answer);
  }
});

Deno.test("a removed command is an error that names its replacement", async () => {
  for (const [command, replacement] of Object.entries(removals.commands)) {
    const path = command.split(" ");
    assert.equal(nodeAt(tree, path), undefined, command);
    const error = await unknownCommand(path.pop() ?? "", path, tree, program);
    assert.equal(error.message, `kodama ${command} was removed`);
    assert.equal(error.hint, replacement);
  }
});

Deno.test("a removed flag is an error that names its replacement", async () => {
  for (const [name, replacement] of Object.entries(removals.flags)) {
    const words = name.split(" ");
    const flag = words.pop() ?? "";
    const node = nodeAt(tree, words);
    assert.ok(node?.kind === "leaf", name);
    const { command } = await node.load();
    await assert.rejects(sortArgs(command, [flag], "kodama", words.join(" ")), {
      message: `${flag} was removed`,
      hint: replacement,
    });
  }
});

Deno.test("every answer names a command that there is", () => {
  const replacements = Object.values(removals).flatMap((all) =>
    Object.entries(all).map(([arg, replacement]) => ({ arg, answer: commandHint(replacement) }))
  );
  for (const { arg, answer } of [...allAnswers(), ...replacements]) {
    for (const [, name = "", below = ""] of answer.matchAll(/\bkodama ([a-z-]+)(?: ([a-z-]+))?/g)) {
      const node = nodeAt(tree, [name]);
      assert.ok(node !== undefined, `${arg}: ${answer}`);
      const isBelow = node.kind === "leaf" || nodeAt(tree, [name, below]) !== undefined;
      assert.ok(isBelow || below === "", `${arg}: ${answer}`);
    }
  }
});
