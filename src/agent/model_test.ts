import assert from "node:assert/strict";
import { currentOf, type TaskState, type TaskStatus } from "./model.ts";

/** Returns tasks of these states, numbered from 1; a suffix `>2` continues task 2. */
function tasks(...args: string[]) {
  return args.map((word, at) => {
    const [state = "", continues] = word.split(">");
    const status = { state: state as TaskState, for: "", reason: "" } as TaskStatus;
    return {
      number: at + 1,
      status,
      ...(continues === undefined ? {} : { continues: Number(continues) }),
    };
  });
}

Deno.test("a pod is about the task that works, else about one that needs an answer, else about its newest", () => {
  const table: [string[], number | undefined][] = [
    [[], undefined],
    [["done", "failed"], 2],
    [["done", "working", "queued", "queued"], 2],
    [["waiting", "working"], 2],
    [["waiting", "done", "queued"], 1],
    [["waiting", "waiting", "interrupted"], 2],
    [["waiting", "done>1"], 2],
    [["waiting", "waiting>1", "done"], 2],
  ];
  for (const [args, wanted] of table) {
    assert.equal(currentOf(tasks(...args))?.number, wanted, args.join(" "));
  }
});
