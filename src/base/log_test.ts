import assert from "node:assert/strict";
import { isLogged, logLine } from "./log.ts";

const record = {
  at: new Date(0),
  level: "info",
  category: "gate",
  command: "k",
  message: "two\nlines",
} as const;

Deno.test("logLine() writes a record on one line, as text or JSON", () => {
  assert.equal(logLine(record, "text"), "1970-01-01T00:00:00.000Z info    gate (k): two\\nlines");
  assert.deepEqual(JSON.parse(logLine(record, "json")), {
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    category: "gate",
    command: "k",
    message: "two\nlines",
  });
});

Deno.test("isLogged() includes the more severe levels", () => {
  assert.ok(isLogged("error", "info"));
  assert.ok(isLogged("info", "info"));
  assert.ok(!isLogged("debug", "info"));
});
