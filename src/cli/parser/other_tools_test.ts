import { commandHint } from "../../present/hints.ts";
import assert from "node:assert/strict";
import { allAnswers, destructive, flagAnswer, verbAnswer } from "./other_tools.ts";
import { leaves } from "./node.ts";
import { programOf } from "../program.ts";
import { tree } from "../tree.ts";
import { unknownCommand } from "./unknown_command.ts";

const program = programOf("kodama");

const verbs: readonly (readonly [word: string, hint: RegExp])[] = [
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
];

for (const [arg, hint] of verbs) {
  Deno.test(`unknownCommand() answers "${arg}"`, async () => {
    const error = await unknownCommand(arg, [], Object.keys(tree.commands), program);
    assert.match(commandHint(error.hint ?? ""), hint);
  });
}

Deno.test("unknownCommand() proposes no command that ends or deletes something", async () => {
  for (const arg of ["stpo", "stopp", "delte", "deleted", "interupt", "restor", "dwon", "revok"]) {
    for (const path of [[], ["cluster"], ["session"], ["snapshots"]]) {
      const names = ["stop", "delete", "interrupt", "restore", "down", "revoke", "start"];
      const { hint = "" } = await unknownCommand(arg, path, names, program);
      for (const verb of destructive) {
        assert.doesNotMatch(commandHint(hint), new RegExp(` ${verb}\\?`), arg);
      }
    }
  }
});

Deno.test("words of other tools that kodama has itself have no answer", async () => {
  for (const name of Object.keys(tree.commands)) {
    assert.equal(verbAnswer(name, []), undefined, name);
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

Deno.test("every answer names a command that there is", () => {
  const roots = new Set(Object.keys(tree.commands));
  for (const { arg, answer } of allAnswers()) {
    for (const [, name = ""] of answer.matchAll(/\bkodama ([a-z]+)/g)) {
      assert.ok(roots.has(name), `${arg}: ${answer}`);
    }
  }
});
