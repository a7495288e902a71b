import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogLine, LogsEvent, Target } from "../actions/logs/events.ts";
import { plainStyle, styleFor } from "../terminal/style.ts";
import { LogsPainter, type LogsPainterOptions, notesOn } from "./logs_painter.ts";
import { parseTemplate, type TemplatePart } from "../actions/logs/events.ts";

function template(text: string): readonly TemplatePart[] {
  const parsed = parseTemplate(text);
  assert.ok(parsed.kind === "template");
  return parsed.parts;
}

const plain: LogsPainterOptions = {
  format: "default",
  single: false,
  quiet: false,
  moreRequests: "--max-log-requests",
  template: undefined,
  jsonFields: [],
  highlight: [],
  timestamps: undefined,
  terminal: false,
  style: plainStyle,
};

const target = (pod: string): Target => ({
  context: "c",
  namespace: "n",
  pod,
  container: "main",
  node: "node-1",
  ip: "10.0.0.1",
});

const added: LogsEvent = {
  kind: "sourcesAdded",
  sources: [target("web-0"), target("web-1")],
  names: ["web-0", "web-1"],
  joined: false,
};

const stamp = "2026-01-02T03:04:05.000000006Z";

function lineOf(text: string | Uint8Array, source = 0): LogLine {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const all = new Uint8Array([...new TextEncoder().encode(`${stamp} `), ...bytes]);
  const offsets = { stamp: 0, stampEnd: stamp.length, text: stamp.length + 1, end: all.length };
  return { source, bytes: all, seconds: Date.parse(stamp) / 1000, nanos: 0, ...offsets };
}

/** Returns each stream's bytes. */
function painted(options: Partial<LogsPainterOptions>, events: readonly LogsEvent[]) {
  const painter = new LogsPainter({ ...plain, ...options });
  const written = { stdout: [] as number[], stderr: [] as number[] };
  for (const event of events) {
    for (const { stream, data } of painter.paint(event)) {
      for (const one of data) {
        written[stream].push(...typeof one === "string" ? new TextEncoder().encode(one) : one);
      }
    }
  }
  return { stdout: Uint8Array.from(written.stdout), stderr: Uint8Array.from(written.stderr) };
}

function shown(options: Partial<LogsPainterOptions>, ...texts: string[]): string {
  const lines: LogsEvent = {
    kind: "lines",
    lines: texts.map((text, index) => lineOf(text, index)),
  };
  return new TextDecoder().decode(painted(options, [added, lines]).stdout);
}

Deno.test("each format writes a line in its own way", () => {
  assert.equal(shown({}, "a", "b"), "web-0: a\nweb-1: b\n");
  assert.equal(shown({ timestamps: "full" }, "a"), `web-0: ${stamp} a\n`);
  assert.match(shown({ timestamps: "short" }, "a"), /^web-0: \d\d-\d\d \d\d:\d\d:\d\d a\n$/);
  const [, local = "", text] = shown({ timestamps: "local" }, "a").trimEnd().split(" ");
  assert.match(local, /\.000[+-]\d\d:\d\d$/);
  assert.deepEqual([Date.parse(local), text], [Date.parse("2026-01-02T03:04:05Z"), "a"]);
  assert.equal(shown({ format: "raw" }, "a"), "a\n");
  assert.equal(
    shown({ template: template("{pod}/{container}@{node}: {time} {message} {json.x}") }, '{"x":1}'),
    `web-0/main@node-1: ${stamp} {"x":1} 1\n`,
  );
  assert.equal(
    shown({ jsonFields: ["level", "msg"] }, '{"msg":"m","level":"i"}', "x"),
    "web-0: i m\nweb-1: x\n",
  );
});

Deno.test("JSON lines say what a line is, whatever bytes it has", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, terminal) => {
    const events: LogsEvent[] = [added, { kind: "lines", lines: [lineOf(bytes, 1)] }];
    const text = new TextDecoder().decode(painted({ format: "jsonl", terminal }, events).stdout);
    assert.deepEqual(JSON.parse(text), {
      context: "c",
      namespace: "n",
      pod: "web-1",
      container: "main",
      node: "node-1",
      time: stamp,
      message: new TextDecoder().decode(bytes),
    });
    // deno-lint-ignore no-control-regex -- this matches control characters
    if (terminal) assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  }));
});

Deno.test("-o json is one array, also of nothing", () => {
  const ended: LogsEvent = { kind: "ended", exitCode: 0 };
  const lines: LogsEvent = { kind: "lines", lines: [lineOf("a"), lineOf("b")] };
  const text = (events: LogsEvent[]) =>
    new TextDecoder().decode(painted({ format: "json" }, events).stdout);
  assert.deepEqual(JSON.parse(text([added, ended])), []);
  assert.equal(JSON.parse(text([added, lines, lines, ended])).length, 4);
});

Deno.test("in a pipe the bytes of a line are exact", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
    const lines: LogsEvent = { kind: "lines", lines: [lineOf(bytes)] };
    const { stdout } = painted({ format: "raw" }, [added, lines]);
    assert.deepEqual([...stdout], [...bytes, 10]);
  }));
});

Deno.test("on a terminal nothing of a line steers it, in any format", () => {
  const evil = "\x1b[2Jx\x1b]0;title\x07\x1b[31mred\u009b5A\u202e\u2028\u0085\u2067\u200f";
  const formats: Partial<LogsPainterOptions>[] = [
    { format: "default" },
    { format: "raw" },
    { format: "jsonl" },
    { template: template("{message} {json.a}") },
    { jsonFields: ["a"] },
  ];
  for (const options of formats) {
    for (const text of [evil, JSON.stringify({ a: evil })]) {
      const written = shown({ ...options, terminal: true }, text);
      // deno-lint-ignore no-control-regex -- this matches control characters
      assert.doesNotMatch(written.replace(/\x1b\[[0-9;]*m/g, ""), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    }
  }
});

Deno.test("highlights stand in the text alone, overlapping ones as one", () => {
  const style = styleFor(true);
  const text = shown({ highlight: [/b+/u, /bc/u, /0/u], style, format: "raw" }, "abbc \x1b[30mx");
  assert.equal(
    text,
    "a\x1b[1m\x1b[31mbb\x1b[39m\x1b[22m\x1b[1m\x1b[31mc\x1b[39m\x1b[22m \x1b[30mx\n",
  );
});

Deno.test("notices are on standard error; with --quiet only errors", () => {
  const events: LogsEvent[] = [
    { ...added, joined: true },
    { kind: "left", source: 1 },
    { kind: "restarted", source: 0, restarts: 1 },
    { kind: "gap", source: 0, reason: "the node\x1b[2J" },
  ];
  const stderr = (quiet: boolean) =>
    new TextDecoder().decode(painted({ quiet }, events).stderr).split("\n").slice(0, -1);
  assert.deepEqual(stderr(false), [
    "web-0 has joined",
    "web-1 has joined",
    "web-1 has left",
    "web-0: container restarted (restart 1)",
    "web-0: lines may be missing: the node\\x1b[2J",
  ]);
  assert.deepEqual(stderr(true), ["web-0: lines may be missing: the node\\x1b[2J"]);
});

Deno.test("how many logs wait is said in the number that they have", () => {
  const said = (waiting: number) =>
    notesOn({ kind: "queued", waiting, slots: 1 }, [], plain)[0]?.text;
  assert.equal(said(1), "1 log has to wait: at most 1 at a time (--max-log-requests)");
  assert.equal(said(9), "9 logs have to wait: at most 1 at a time (--max-log-requests)");
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
    assert.deepEqual(notesOn(event, ["web-0"], plain).map((note) => note.text), [text]);
  });
}
