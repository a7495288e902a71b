import assert from "node:assert/strict";
import { endsOf, play } from "../testing/stage_play.ts";

const remove = "steps:\n  - kubectl: [delete, pod, p]\n";

Deno.test("kubectl is told the context of the workflow's pods, and so is who is asked", async () => {
  const text = `select: { context: west }\n${remove}`;
  const questions: string[] = [];
  const world = {
    ask: ({ text }: { text: string }) => {
      questions.push(text);
      return Promise.resolve("yes");
    },
  };
  const { ran } = await play({ files: { "w.yaml": text }, world });
  assert.deepEqual(ran, [["kubectl", "--context", "west", "delete", "pod", "p"]]);
  assert.deepEqual(questions, ["kubectl --context west delete pod p\nRun it?"]);
});

Deno.test("the context of the command line wins, and the step's own over both", async () => {
  const input = { yes: true, overrides: { contexts: ["east"] } };
  const select = "select: { context: west }\n";
  const said = await play({ files: { "w.yaml": select + remove }, input });
  assert.deepEqual(said.ran[0]?.slice(0, 3), ["kubectl", "--context", "east"]);
  const own = `${select}${remove}    context: north\n`;
  const { ran } = await play({ files: { "w.yaml": own }, input });
  assert.deepEqual(ran[0]?.slice(0, 3), ["kubectl", "--context", "north"]);
});

Deno.test("with pods in several contexts, kubectl isn't run in one of them by chance", async () => {
  const files = { "w.yaml": `select: { context: [west, east] }\n${remove}` };
  const { ran, events } = await play({ files, input: { yes: true } });
  assert.deepEqual(ran, []);
  assert.match(endsOf(events)[0] ?? "", /failed: kubectl: the pods are in several contexts/);
});
