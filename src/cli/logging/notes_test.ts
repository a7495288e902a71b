import assert from "node:assert/strict";
import { notesOn } from "./notes.ts";

Deno.test("how many logs wait is said in the number that they have", () => {
  const said = (waiting: number) => notesOn({ kind: "queued", waiting, places: 1 }, [])[0]?.text;
  assert.equal(said(1), "1 log has to wait: no more than 1 at a time (--max-log-requests)");
  assert.equal(said(9), "9 logs have to wait: no more than 1 at a time (--max-log-requests)");
});
