import assert from "node:assert/strict";
import type { LogsEvent } from "../../../actions/logs/events.ts";
import { notesOn } from "./notes.ts";

Deno.test("how many logs wait is said in the number that they have", () => {
  const said = (waiting: number) => notesOn({ kind: "queued", waiting, places: 1 }, [])[0]?.text;
  assert.equal(said(1), "1 log has to wait: no more than 1 at a time (--max-log-requests)");
  assert.equal(said(9), "9 logs have to wait: no more than 1 at a time (--max-log-requests)");
});

const unmatched = { kind: "waitingForPods", where: 'in namespace "web" (context c)' } as const;
const notes: readonly (readonly [event: LogsEvent, note: string])[] = [
  [
    { kind: "restarted", source: 0, restarts: 2, last: { exitCode: 3, reason: "Error" } },
    "web-0: container restarted (exit 3, Error, restart 2)",
  ],
  [
    { kind: "restarted", source: 0, restarts: 1, last: { exitCode: 0, reason: "" } },
    "web-0: container restarted (exit 0, restart 1)",
  ],
  [
    { ...unmatched, words: "-l app=new", nearest: [] },
    'waiting for pods that match -l app=new in namespace "web" (context c)',
  ],
  [
    { ...unmatched, words: "-m drvie", nearest: ["drive (weka-drive-[0-2])"] },
    'waiting for pods that match -m drvie in namespace "web" (context c) ' +
    "(did you mean drive (weka-drive-[0-2])?)",
  ],
  [
    { ...unmatched, words: "", nearest: [] },
    'waiting for pods in namespace "web" (context c)',
  ],
  [
    { kind: "linkLost", context: "lab", reason: "connection refused" },
    "lost the connection to lab, retrying: connection refused",
  ],
  [{ kind: "linkBack", context: "lab" }, "connected to lab again"],
];

for (const [event, text] of notes) {
  Deno.test(`notesOn() says: ${text}`, () => {
    assert.deepEqual(notesOn(event, ["web-0"]).map((note) => note.text), [text]);
  });
}
