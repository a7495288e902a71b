/**
 * The process of a plugin: an instance of its module, and the functions that it imports. Only the text of {@link
 * runPlugin} is transferred, so it may use nothing from outside of its braces.
 *
 * The process has no permission at all, and the module can't reach even its globals: it has only its imports. A call
 * that doesn't return blocks this process alone, which the host ends. Messages are lines of JSON, read and written
 * synchronously, because an import of WebAssembly can't wait for a promise.
 */
import type { CapabilityImport } from "./capability.ts";

/** A message of the host; each but an answer waits until the process has reported the end of the message before. */
export type HostMessage =
  | {
    kind: "start";
    /** The module's bytes, in base64. */
    module: string;
    /** JSON. */
    config: string;
    pane: number;
    /** The imports that its permissions link. */
    granted: readonly CapabilityImport[];
    limits: PayloadLimits;
  }
  /** JSON of a command. With `view` the pane has another size. */
  | { kind: "command"; json: string; view?: View }
  | { kind: "tick" }
  | { kind: "close" }
  /** To a request. */
  | HostAnswer;

/** A JSON text, or a message. */
export type HostAnswer = { kind: "answer"; text: string } | { kind: "refusal"; text: string };

/** Limits of a plugin's payloads to the host. */
interface PayloadLimits {
  renderBytes: number;
  requestBytes: number;
  /** The part of a rendering that is sent before the pane's size is known. */
  view: View;
  /** Renderings within a call are sent at most this often; the last rendering is always sent. */
  renderMs: number;
}

/** The size of a pane, in columns and rows: cells outside of it aren't sent. */
export interface View {
  width: number;
  height: number;
}

/** A message of the process. `lines` is the last rendering since the previous message. */
export type PluginMessage =
  /** The process runs, and reads its first message next. */
  | { kind: "up" }
  /** The last message of the host is done. */
  | { kind: "done"; lines?: readonly string[] }
  /** The plugin has failed; nothing follows. The rendering of the call that failed may say why. */
  | { kind: "failed"; message: string; lines?: readonly string[] }
  /** An import; the process waits for the answer. */
  | { kind: "request"; name: CapabilityImport; text: string; lines?: readonly string[] };

/** The program of the process. */
export function pluginProgram(): string {
  return `(${runPlugin})();`;
}

function runPlugin(): void {
  type Start = Extract<HostMessage, { kind: "start" }>;
  type Exported = Record<string, ((...args: number[]) => number | undefined) | undefined>;
  const { stdin, stdout } = Deno;
  const { parse, stringify } = JSON;
  const encoder = new TextEncoder();
  const strict = new TextDecoder("utf-8", { fatal: true });

  let start: Start;
  let functions: Exported = {};
  let memory: WebAssembly.Memory;
  /** The last rendering, and whether it is still to be sent. */
  let rendered: string[] | undefined;
  let isDue = false;
  let sentAtMs = -Infinity;
  let view: View | undefined;
  /** Memory for payloads, of a module without `plugin_alloc`. */
  let payload = { at: 0, size: 0 };
  let lastError = "";
  /** An answer that was too large for the plugin's buffer: the next call with this request gets it. */
  let held: { request: string; bytes: Uint8Array } | undefined;

  function range(what: string, ptr: number, length: number, most: number): Uint8Array {
    const [at, size] = [ptr >>> 0, length >>> 0];
    if (size > most) throw new Error(`${what}: ${size} bytes are more than ${most}`);
    const { buffer } = memory;
    if (at + size > buffer.byteLength) {
      throw new Error(`${what}: ${size} bytes at ${at} are outside of the plugin's memory`);
    }
    return new Uint8Array(buffer, at, size);
  }

  function textAt(what: string, ptr: number, length: number, most: number): string {
    const bytes = range(what, ptr, length, most);
    try {
      return strict.decode(bytes);
    } catch {
      throw new Error(`${what}: the text is not UTF-8`);
    }
  }

  function linesOf(json: string): string[] {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      throw new Error("host_send_render: the payload is not JSON");
    }
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const lines = isObject ? (value as { lines?: unknown }).lines : value;
    if (!Array.isArray(lines) || !lines.every((line) => typeof line === "string")) {
      throw new Error(
        'host_send_render: the payload is neither a list of texts nor {"lines": […]}',
      );
    }
    return lines;
  }

  /** Waits for the host's answer. */
  function ask(name: CapabilityImport, text: string): Uint8Array | undefined {
    send({ kind: "request", name, text });
    const answer = receive() as HostAnswer | undefined;
    if (answer?.kind === "answer") return encoder.encode(answer.text);
    lastError = answer?.text ?? "the host has ended";
    return undefined;
  }

  /** Copies an answer into the plugin's buffer. Returns its length, also if the buffer is too small for it. */
  function answer(what: string, bytes: Uint8Array, out: number, capacity: number): number {
    if (bytes.length <= capacity >>> 0) range(what, out, bytes.length, bytes.length).set(bytes);
    return bytes.length;
  }

  function query(name: "list_pods" | "get_secrets") {
    return (ptr: number, length: number, out: number, capacity: number): number => {
      const text = textAt(name, ptr, length, start.limits.requestBytes);
      const request = `${name} ${text}`;
      const bytes = held?.request === request ? held.bytes : ask(name, text);
      held = undefined;
      if (bytes === undefined) return -1;
      if (bytes.length > capacity >>> 0) held = { request, bytes };
      return answer(name, bytes, out, capacity);
    };
  }

  function imports(granted: readonly string[]): WebAssembly.Imports {
    const all: Record<string, (...args: number[]) => number | void> = {
      host_send_render(ptr = 0, length = 0) {
        const what = "host_send_render";
        rendered = linesOf(textAt(what, ptr, length, start.limits.renderBytes));
        isDue = true;
      },
      host_last_error(out = 0, capacity = 0) {
        return answer("host_last_error", encoder.encode(lastError), out, capacity);
      },
      list_pods: query("list_pods"),
      get_secrets: query("get_secrets"),
      clipboard_write(ptr = 0, length = 0) {
        const text = textAt("clipboard_write", ptr, length, start.limits.requestBytes);
        return ask("clipboard_write", text) === undefined ? -1 : 0;
      },
    };
    const linked = Object.fromEntries(
      Object.entries(all).filter(([name]) => name.startsWith("host_") || granted.includes(name)),
    );
    return { kubetile: linked, env: { ...linked, abort } };
  }

  /** AssemblyScript's: two of its strings, UTF-16 with their length in bytes before them, and a position. */
  function abort(message = 0, file = 0, line = 0, column = 0): void {
    const text = (ptr: number): string => {
      if (ptr === 0) return "";
      const [length = 0] = new Uint32Array(range("abort", ptr - 4, 4, 4).slice().buffer);
      return new TextDecoder("utf-16le").decode(range("abort", ptr, length, 4096));
    };
    throw new Error(`aborted: ${text(message)} (${text(file)}:${line}:${column})`);
  }

  /** Writes a payload into the plugin's memory: into memory that it allocates, or into pages added at the end. */
  function passed(json: string): [at: number, length: number] {
    const bytes = encoder.encode(json);
    const allocate = functions["plugin_alloc"];
    if (allocate === undefined && payload.size < bytes.length) {
      const pages = Math.ceil(bytes.length / 65_536);
      try {
        payload = { at: memory.grow(pages) * 65_536, size: pages * 65_536 };
      } catch {
        throw new Error(`no memory is left for a payload of ${bytes.length} bytes`);
      }
    }
    const at = allocate === undefined ? payload.at : allocate(bytes.length) ?? 0;
    range("plugin_alloc", at, bytes.length, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  function call(name: string, ...args: number[]): void {
    const result = functions[name]?.(...args);
    if (result !== undefined && result !== 0) throw new Error(`${name} returned ${result}`);
  }

  function begin(message: Start): void {
    start = message;
    const module = new WebAssembly.Module(Uint8Array.fromBase64(message.module));
    const { exports } = new WebAssembly.Instance(module, imports(message.granted));
    memory = exports["memory"] as WebAssembly.Memory;
    functions = exports as Exported;
    if (functions["plugin_init"] !== undefined) call("plugin_init", ...passed(message.config));
    call("plugin_on_open", message.pane);
  }

  function perform(message: HostMessage): void {
    switch (message.kind) {
      case "start":
        return begin(message);
      case "command":
        if (message.view !== undefined) {
          view = message.view;
          isDue = rendered !== undefined;
        }
        return call("plugin_on_command", ...passed(message.json));
      case "tick":
        return call("plugin_on_tick");
      case "close":
        return call("plugin_on_close", start.pane);
      case "answer":
      case "refusal":
        throw new Error("an answer without a request");
    }
  }

  /** Returns the part of a new rendering that the pane can show. */
  function newLines({ kind }: PluginMessage): { lines?: string[] } {
    const now = performance.now();
    if (!isDue || kind === "request" && now - sentAtMs < start.limits.renderMs) return {};
    isDue = false;
    sentAtMs = now;
    const { width, height } = view ?? start.limits.view;
    // A column can have several characters: a character and those that combine with it.
    return { lines: (rendered ?? []).slice(0, height).map((line) => line.slice(0, width * 4)) };
  }

  function send(message: PluginMessage): void {
    const bytes = encoder.encode(`${stringify({ ...message, ...newLines(message) })}\n`);
    for (let at = 0; at < bytes.length;) at += stdout.writeSync(bytes.subarray(at));
  }

  const lines = new TextDecoder();
  const chunk = new Uint8Array(65_536);
  let received: string[] = [""];

  /** Returns the next message; undefined when the host has ended. */
  function receive(): HostMessage | undefined {
    const parts: string[] = [];
    while (received.length < 2) {
      const count = stdin.readSync(chunk);
      if (count === null) return undefined;
      parts.push(received[0] ?? "");
      received = lines.decode(chunk.subarray(0, count), { stream: true }).split("\n");
    }
    return parse(parts.join("") + received.shift());
  }

  send({ kind: "up" });
  for (let message = receive(); message !== undefined; message = receive()) {
    try {
      perform(message);
      send({ kind: "done" });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      send({ kind: "failed", message: text.slice(0, 1000) });
      return;
    }
  }
}
