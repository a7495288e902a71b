/** Plugins that run, in real processes: commands, renderings, permissions, and the limits of hostile plugins. */
import { otherThan, unless } from "../base/testing/unless.ts";
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { KodamaError } from "../base/errors.ts";
import {
  dataOf,
  onCommand,
  openedPlugin,
  type OpenOptions,
  pluginOf,
  renderImport,
  rendering,
  smoke,
} from "./testing/modules.ts";
import { openPlugin, sessionLimits } from "./session.ts";

/** Returns the first event of a plugin after a command. */
async function after(file: Uint8Array<ArrayBuffer>, options: OpenOptions = {}) {
  await using plugin = await openedPlugin(file, options);
  plugin.session.handleCommand({ type: "scroll_down" });
  return await plugin.event();
}

/** Renders its input: the command's JSON in a list. */
const echo = pluginOf(`${renderImport}
  (func $copy (param $from i32) (param $len i32)
    (i32.store8 (i32.const 2048) (i32.const 91))
    (memory.copy (i32.const 2049) (local.get $from) (local.get $len))
    (i32.store8 (i32.add (i32.const 2049) (local.get $len)) (i32.const 93))
    (call $render (i32.const 2048) (i32.add (local.get $len) (i32.const 2))))
  (func (export "plugin_on_command") (param i32 i32) (result i32)
    (call $copy (local.get 0) (local.get 1)) (i32.const 0))`);

Deno.test("ten plugins at once show what they render, and get every command in order", async () => {
  await Promise.all(Array.from({ length: 10 }, async (_, pane) => {
    await using plugin = await openedPlugin(smoke, { pane });
    for (let round = 1; round <= 20; round++) plugin.session.handleCommand({ type: "select" });
    assert.deepEqual(await plugin.event(20), { kind: "pluginRender", pane, lines: ["smoke-ok"] });
    assert.equal(plugin.events.length, 20);
  }));
});

Deno.test("commands reach a plugin as JSON; a payload that isn't texts ends it", async () => {
  // The rendering is a list with an object, which is not a text: the error proves that the JSON arrived.
  assert.deepEqual(await after(echo), {
    kind: "pluginError",
    pane: 1,
    error: 'host_send_render: the payload is neither a list of texts nor {"lines": […]}',
  });
});

Deno.test("both forms of a rendering are read, and cut to their limits", async () => {
  const cases: [payload: string, lines: string[]][] = [
    ['{"lines":["a","b"]}', ["a", "b"]],
    [JSON.stringify(["x".repeat(5000)]), ["x".repeat(2000)]],
  ];
  for (const [payload, lines] of cases) {
    const file = pluginOf(`${renderImport}\n${dataOf(payload)} ${onCommand(rendering(payload))}`);
    assert.deepEqual(await after(file), { kind: "pluginRender", pane: 1, lines });
  }
});

Deno.test("the lifecycle: init with the configuration, open, focus, size, tick, close", async () => {
  // Each function adds its letter; a command renders them all.
  const add = (letter: string) =>
    `(i32.store8 (i32.add (i32.const 1026) (global.get $n)) (i32.const ${letter.charCodeAt(0)}))
     (global.set $n (i32.add (global.get $n) (i32.const 1)))`;
  const letters = pluginOf(`${renderImport}
    (global $n (mut i32) (i32.const 0)) ${dataOf('["')}
    (func (export "plugin_init") (param i32 i32) (result i32) ${add("i")}
      (i32.ne (i32.load8_u (local.get 0)) (i32.const ${"{".charCodeAt(0)})))
    (func (export "plugin_on_open") (param i32) ${add("o")})
    (func (export "plugin_on_tick") ${add("t")})
    (func (export "plugin_on_command") (param i32 i32) (result i32) ${add("c")}
      (i32.store16 (i32.add (i32.const 1026) (global.get $n)) (i32.const 0x5d22))
      (call $render (i32.const 1024) (i32.add (global.get $n) (i32.const 4))) (i32.const 0))`);
  await using plugin = await openedPlugin(letters, { config: { depth: 2 } });
  // Left out, as the plugin is busy with its start.
  plugin.session.onTick();
  plugin.session.onFocus(true);
  plugin.session.onResize(80, 24);
  plugin.session.onResize(100, 30);
  assert.deepEqual(await plugin.event(2), { kind: "pluginRender", pane: 1, lines: ["iocc"] });
  plugin.session.onTick();
  plugin.session.handleCommand({ type: "back" });
  assert.deepEqual(await plugin.event(3), { kind: "pluginRender", pane: 1, lines: ["iocctc"] });
});

Deno.test("closing calls plugin_on_close, and nothing is emitted after it", async () => {
  const closes = pluginOf(`${renderImport}\n${dataOf('["late"]')}
    (func (export "plugin_on_close") (param i32) ${rendering('["late"]')}) ${onCommand("")}`);
  const plugin = await openedPlugin(closes);
  await plugin.session.close();
  plugin.session.handleCommand({ type: "back" });
  assert.deepEqual(plugin.events, []);
});

/** Calls an import with the request `{}`, and renders its answer, which is a list of texts. */
const asking = (name: string) =>
  pluginOf(`${renderImport}
    (import "kubetile" "${name}" (func $ask (param i32 i32 i32 i32) (result i32)))
    (import "kubetile" "host_last_error" (func $error (param i32 i32) (result i32)))
    (global $length (mut i32) (i32.const 0)) ${dataOf("{}")}
    (func (export "plugin_on_command") (param i32 i32) (result i32)
      (global.set $length (call $ask (i32.const 1024) (i32.const 2) (i32.const 4096) (i32.const 5)))
      (if (i32.gt_s (global.get $length) (i32.const 5)) (then
        (global.set $length
          (call $ask (i32.const 1024) (i32.const 2) (i32.const 4096) (i32.const 9999)))))
      (if (i32.lt_s (global.get $length) (i32.const 0)) (then
        (global.set $length (call $error (i32.const 4096) (i32.const 9999)))))
      (call $render (i32.const 4096) (global.get $length)) (i32.const 0))`);

Deno.test("a permission links its import; an answer that is too large for the buffer is kept", async () => {
  let requests = 0;
  const event = await after(asking("list_pods"), {
    granted: ["k8s:list:pods"],
    handlers: {
      list_pods(request) {
        requests++;
        assert.deepEqual(request, {});
        return Promise.resolve(["web-0", "é"]);
      },
    },
  });
  assert.deepEqual(event, { kind: "pluginRender", pane: 1, lines: ["web-0", "é"] });
  assert.equal(requests, 1);
});

Deno.test("a refusal is an error that the plugin can read", async () => {
  const get_secrets = () => Promise.reject(new KodamaError("forbidden", '["no"]'));
  const options = { granted: ["k8s:get:secrets" as const], handlers: { get_secrets } };
  assert.deepEqual(await after(asking("get_secrets"), options), {
    kind: "pluginRender",
    pane: 1,
    lines: ["no"],
  });
});

Deno.test("an answer that is too large is a refusal", async () => {
  const tries = pluginOf(`${renderImport}
    (import "kubetile" "list_pods" (func $ask (param i32 i32 i32 i32) (result i32)))
    ${dataOf('["no"]{}')}
    ${
    onCommand(`(if (i32.lt_s (call $ask (i32.const 1030) (i32.const 2) (i32.const 4096)
      (i32.const 5)) (i32.const 0)) (then ${rendering('["no"]')}))`)
  }`);
  const list_pods = () => Promise.resolve(["x".repeat(sessionLimits.answerLength)]);
  const event = await after(tries, { granted: ["k8s:list:pods"], handlers: { list_pods } });
  assert.deepEqual(event, { kind: "pluginRender", pane: 1, lines: ["no"] });
});

Deno.test("without its permission an import is an event, not a crash", async () => {
  assert.deepEqual(await after(asking("list_pods"), { granted: ["clipboard:write"] }), {
    kind: "pluginError",
    pane: 1,
    error: "it needs permissions that it isn't granted: k8s:list:pods",
  });
});

/** Plugins that misbehave, and their error. */
const hostile: Readonly<Record<string, [file: Uint8Array<ArrayBuffer>, error: RegExp]>> = {
  "traps": [pluginOf(onCommand("unreachable")), /^unreachable$/],
  "traps at its start": [pluginOf(`(func $s unreachable) (start $s) ${onCommand("")}`), /unreach/],
  "divides by zero": [
    pluginOf(onCommand("(drop (i32.div_s (i32.const 1) (i32.const 0)))")),
    /divide by zero/,
  ],
  "recurses without end": [
    pluginOf(`(func $f (call $f)) ${onCommand("(call $f)")}`),
    /Maximum call stack size exceeded/,
  ],
  "returns an error": [
    pluginOf(`(func (export "plugin_on_command") (param i32 i32) (result i32) (i32.const 7))`),
    /^plugin_on_command returned 7$/,
  ],
  "refuses its configuration": [
    pluginOf(`(func (export "plugin_init") (param i32 i32) (result i32) (i32.const -1))
      ${onCommand("")}`),
    /^plugin_init returned -1$/,
  ],
  "allocates outside of its memory": [
    pluginOf(`(func (export "plugin_alloc") (param i32) (result i32) (i32.const -8))
      ${onCommand("")}`),
    /^plugin_alloc: \d+ bytes at 4294967288 are outside of the plugin's memory$/,
  ],
  "renders from outside of its memory": [
    pluginOf(`${renderImport}\n${onCommand("(call $render (i32.const 131060) (i32.const 20))")}`),
    /^host_send_render: 20 bytes at 131060 are outside/,
  ],
  "renders a negative length": [
    pluginOf(`${renderImport}\n${onCommand("(call $render (i32.const 0) (i32.const -1))")}`),
    /4294967295 bytes are more than 1048576/,
  ],
  "renders 100 MB": [
    pluginOf(`${renderImport}\n${onCommand("(call $render (i32.const 0) (i32.const 100000000))")}`),
    /100000000 bytes are more than 1048576/,
  ],
  "renders bytes that aren't text": [
    pluginOf(`${renderImport}\n${dataOf(Uint8Array.of(0xff, 0xfe))}
      ${onCommand("(call $render (i32.const 1024) (i32.const 2))")}`),
    /the text is not UTF-8/,
  ],
  "renders no JSON": [
    pluginOf(`${renderImport}\n${dataOf("[")} ${onCommand(rendering("["))}`),
    /the payload is not JSON/,
  ],
  "renders deeply nested JSON": [
    pluginOf(`${renderImport}
      (func $fill (memory.fill (i32.const 1024) (i32.const 91) (i32.const 60000)))
      ${onCommand("(call $fill) (call $render (i32.const 1024) (i32.const 60000))")}`),
    /the payload is not JSON/,
  ],
  "renders numbers": [
    pluginOf(`${renderImport}\n${dataOf("[1]")} ${onCommand(rendering("[1]"))}`),
    /neither a list of texts/,
  ],
  "forges a message of the process": [
    pluginOf(`${renderImport}\n${dataOf('["x"]}\n{"kind":"done"}')}
      ${onCommand(rendering('["x"]}\n{"kind":"done"}'))}`),
    /the payload is not JSON/,
  ],
  "leaves no memory for payloads": [
    pluginOf(`(func $s (drop (memory.grow (i32.const 511)))) (start $s) ${onCommand("")}
      (func (export "plugin_init") (param i32 i32) (result i32) (i32.const 0))`),
    /^no memory is left for a payload of 2 bytes$/,
  ],
};

for (const [name, [file, error]] of Object.entries(hostile)) {
  Deno.test(`a plugin that ${name} becomes an error of its pane`, async () => {
    const event = await after(file);
    assert.ok(event.kind === "pluginError", JSON.stringify(event));
    assert.match(event.error, error);
  });
}

Deno.test("what a plugin rendered in the call that fails is shown: its last words", async () => {
  const panics = pluginOf(`${renderImport}\n${dataOf('["no such pod"]')}
    ${onCommand(`${rendering('["no such pod"]')} unreachable`)}`);
  await using plugin = await openedPlugin(panics);
  plugin.session.handleCommand({ type: "select" });
  assert.equal((await plugin.event(2)).kind, "pluginError");
  assert.deepEqual(await plugin.event(1), {
    kind: "pluginRender",
    pane: 1,
    lines: ["no such pod"],
  });
});

Deno.test("a plugin that doesn't return is stopped, and others aren't held up", async () => {
  const clock = new ManualClock();
  const loop = pluginOf(onCommand("(loop $l (br $l))"));
  await using hung = await openedPlugin(loop, { clock });
  await using other = await openedPlugin(smoke, { pane: 2 });
  await hung.started;
  hung.session.handleCommand({ type: "select" });
  for (let at = 0; at < 255; at++) hung.session.handleCommand({ type: "scroll_down" });
  other.session.handleCommand({ type: "select" });
  assert.equal((await other.event()).kind, "pluginRender");
  assert.deepEqual(hung.events, []);
  clock.advance(sessionLimits.callMs);
  assert.deepEqual(await hung.event(), {
    kind: "pluginError",
    pane: 1,
    error: "it didn't return within 2 seconds, and was stopped",
  });
});

Deno.test("a plugin that grows its memory for ever gets 32 MiB, and runs on", async () => {
  const payload = '["full"]';
  const grows = pluginOf(`${renderImport}\n${dataOf(payload)}
    ${
    onCommand(`(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (if (i32.ne (memory.size) (i32.const 512)) (then unreachable)) ${rendering(payload)}`)
  }`);
  assert.deepEqual(await after(grows), { kind: "pluginRender", pane: 1, lines: ["full"] });
});

/** Lists and texts of a mebibyte, and all of its own memory. */
const large: Readonly<Record<string, string>> = {
  "lists": `(local $i i32)
    (loop $fill
      (i32.store (i32.add (i32.const 1025) (i32.mul (local.get $i) (i32.const 3)))
        (i32.const 0x2c2222))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 340000))))
    (i32.store8 (i32.const 1024) (i32.const 91)) (i32.store8 (i32.const 1021024) (i32.const 93))`,
  "texts": `(local $i i32) (memory.fill (i32.const 1024) (i32.const 120) (i32.const 1020001))
    (i32.store16 (i32.const 1024) (i32.const 0x225b))
    (i32.store16 (i32.const 1021023) (i32.const 0x5d22))`,
};

for (const [what, fill] of Object.entries(large)) {
  Deno.test({
    ...unless(otherThan("linux"), `the process of a plugin that renders large ${what} stays small`),
    async fn() {
      const renders = pluginOf(
        `${renderImport}\n(func $all ${fill} (local.set $i (i32.const 0))
        (loop $again (call $render (i32.const 1024) (i32.const 1020001))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 60)))))
        ${
          onCommand(`(drop (memory.grow (i32.const 440)))
          (memory.fill (i32.const 1100000) (i32.const 1) (i32.const 30000000)) (call $all)`)
        }`,
        { pages: 40 },
      );
      await using plugin = await openedPlugin(renders, { clock: new ManualClock() });
      plugin.session.handleCommand({ type: "select" });
      const event = await plugin.event();
      assert.equal(event.kind, "pluginRender", JSON.stringify(event));
      const sizes = await processSizes();
      assert.ok(sizes.length > 0);
      const most = Math.max(...sizes);
      assert.ok(most <= sessionLimits.maxProcessMiB, `${most} MiB`);
    },
  });
}

/** Returns the largest sizes so far, in MiB, of the processes of plugins of these tests; Deno keeps /proc to itself. */
async function processSizes(): Promise<number[]> {
  const script = `for one in /proc/[0-9]*; do
    grep -q "^PPid:.${Deno.pid}$" "$one/status" && grep -q data: "$one/cmdline" &&
      grep ^VmHWM: "$one/status"
  done 2>/dev/null`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  return [...new TextDecoder().decode(stdout).matchAll(/\d+/g)].map(([size]) => Number(size) >> 10);
}

Deno.test("a plugin that requests and renders without end slows only itself", async () => {
  const payload = '["x"]';
  const floods = pluginOf(`${renderImport}
    (import "kubetile" "list_pods" (func $ask (param i32 i32 i32 i32) (result i32)))
    ${dataOf(payload)} (data (i32.const 2048) "{}")
    ${
    onCommand(`(loop $l ${rendering(payload)}
      (drop (call $ask (i32.const 2048) (i32.const 2) (i32.const 4096) (i32.const 99))) (br $l))`)
  }`);
  const clock = new ManualClock();
  let requests = 0;
  let reached = Promise.withResolvers<void>();
  await using plugin = await openedPlugin(floods, {
    clock,
    granted: ["k8s:list:pods"],
    handlers: {
      list_pods() {
        requests++;
        reached.resolve();
        return Promise.resolve([]);
      },
    },
  });
  plugin.session.handleCommand({ type: "select" });
  while (requests < sessionLimits.requests) {
    await reached.promise;
    reached = Promise.withResolvers();
  }
  // No request more before its time has come; it isn't counted as the plugin's.
  await clock.waitedFor(sessionLimits.requestMs);
  clock.advance(sessionLimits.requestMs - 1);
  assert.equal(requests, sessionLimits.requests);
  clock.advance(1);
  await reached.promise;
  assert.equal(requests, sessionLimits.requests + 1);
  assert.ok(plugin.events.length < requests, "not every rendering is sent");
  const closed = plugin.session.close();
  clock.advance(sessionLimits.closeMs);
  await closed;
});

Deno.test("what a pane can't show isn't sent, and is when it is enlarged", async () => {
  const payload = '["a","b","c"]';
  const once = pluginOf(`${renderImport}\n${dataOf(payload)} (global $n (mut i32) (i32.const 0))
    ${
    onCommand(`(if (i32.eqz (global.get $n)) (then ${rendering(payload)}))
      (global.set $n (i32.const 1))`)
  }`);
  await using plugin = await openedPlugin(once);
  plugin.session.onResize(80, 2);
  assert.deepEqual(await plugin.event(), { kind: "pluginRender", pane: 1, lines: ["a", "b"] });
  plugin.session.onResize(80, 24);
  assert.deepEqual(await plugin.event(2), {
    kind: "pluginRender",
    pane: 1,
    lines: ["a", "b", "c"],
  });
});

Deno.test("a plugin that is too far behind is stopped", async () => {
  await using plugin = await openedPlugin(pluginOf(onCommand("(loop $l (br $l))")));
  for (let at = 0; at <= 256; at++) plugin.session.handleCommand({ type: "scroll_down" });
  assert.match(JSON.stringify(await plugin.event()), /it is 256 commands behind/);
});

Deno.test("a plugin that doesn't return is closed all the same", async () => {
  const clock = new ManualClock();
  const plugin = await openedPlugin(pluginOf(onCommand("(loop $l (br $l))")), { clock });
  await plugin.started;
  plugin.session.handleCommand({ type: "select" });
  const closed = plugin.session.close();
  clock.advance(sessionLimits.closeMs);
  await closed;
  assert.deepEqual(plugin.events, []);
});

/** Requests pods in a command, and again when it is closed, where it crashes after that. */
const asksAtItsEnd = pluginOf(`
  (import "kubetile" "list_pods" (func $ask (param i32 i32 i32 i32) (result i32)))
  ${dataOf("{}")} (func $pods
    (drop (call $ask (i32.const 1024) (i32.const 2) (i32.const 4096) (i32.const 99))))
  (func (export "plugin_on_close") (param i32) (call $pods) unreachable)
  ${onCommand("(call $pods)")}`);

Deno.test("a busy plugin ends its call before it is closed; what fails then isn't an event", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string[]>();
  let requests = 0;
  const list_pods = () => {
    asked.resolve();
    return ++requests === 1 ? answer.promise : Promise.resolve([]);
  };
  const plugin = await openedPlugin(asksAtItsEnd, {
    clock: new ManualClock(),
    granted: ["k8s:list:pods"],
    handlers: { list_pods },
  });
  plugin.session.handleCommand({ type: "select" });
  await asked.promise;
  const closed = plugin.session.close();
  answer.resolve([]);
  await closed;
  assert.equal(requests, 2);
  assert.deepEqual(plugin.events, []);
});

Deno.test("a plugin that is still being loaded is closed at once", async () => {
  const refused = () => Promise.reject(new KodamaError("forbidden", "unused"));
  const session = openPlugin({
    load: () => new Promise(() => {}),
    ...{ granted: [], config: {}, pane: 1, emit: () => {}, clock: new ManualClock() },
    handlers: { list_pods: refused, get_secrets: refused, clipboard_write: refused },
  });
  await session.close();
});

Deno.test("a defect of a handler isn't an answer to the plugin", async () => {
  const defect = new TypeError("a defect");
  const thrown = Promise.withResolvers<unknown>();
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    thrown.resolve(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection, { once: true });
  await using plugin = await openedPlugin(asking("list_pods"), {
    granted: ["k8s:list:pods"],
    handlers: { list_pods: () => Promise.reject(defect) },
  });
  plugin.session.handleCommand({ type: "select" });
  assert.equal(await Promise.race([thrown.promise, plugin.event()]), defect);
  assert.deepEqual(plugin.events, []);
});
