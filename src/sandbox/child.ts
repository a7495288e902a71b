/**
 * The part that runs in the script's own process, before and around the script. kodama trusts nothing of it: a script
 * may change all that it sees, including this function's environment, and send messages in its name. The script is
 * bounded by the process's permissions and limits, and by the checks on kodama's side.
 */

/** A request or report of the script; one JSON text in a line on standard output. */
export type ChildMessage =
  | { kind: "call"; id: number; name: string; request: unknown }
  | { kind: "log"; line: string }
  | { kind: "output"; value: unknown }
  | { kind: "ended" }
  | { kind: "threw"; name: string; message: string; line?: number; column?: number };

/** One JSON text in a line on standard input: first `start`, then an answer for each call. */
export type ParentMessage =
  | { kind: "start"; code: string; input: unknown; targets: readonly string[] }
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "refusal"; id: number; message: string };

/**
 * The program of the process. It is passed as text (`childProgram`), so that it needs no file that the process would
 * have to read: it must not use anything outside of its own braces.
 */
function childMain(): void {
  const stdout = Deno.stdout;
  const stdin = Deno.stdin;
  const { inspect, exit } = Deno;
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const { parse, stringify } = JSON;

  /** Waits while the pipe is full: a script with much output is slowed down. */
  function send(message: ChildMessage): void {
    const bytes = encoder.encode(`${stringify(message)}\n`);
    for (let at = 0; at < bytes.length;) at += stdout.writeSync(bytes.subarray(at));
  }

  /** Maximum of calls that wait for kodama's answer; further ones are queued here. */
  const mostAtOnce = 32;
  const queued: (() => void)[] = [];
  const waiting = new Map<number, { give(value: unknown): void; fail(error: Error): void }>();
  let calls = 0;
  let resume = () => {};

  function call(name: string, request: unknown): Promise<unknown> {
    const id = ++calls;
    return new Promise((give, fail) => {
      const ask = () => {
        waiting.set(id, { give, fail });
        send({ kind: "call", id, name, request });
      };
      if (waiting.size < mostAtOnce) ask();
      else queued.push(ask);
    });
  }

  function answered(message: ParentMessage): void {
    if (message.kind === "start") return;
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "answer") call?.give(message.value);
    else call?.fail(Object.assign(new Error(message.message), { name: "KodamaError" }));
    queued.shift()?.();
    if (waiting.size === 0) setTimeout(() => resume());
  }

  async function* messages(): AsyncGenerator<ParentMessage> {
    let text = "";
    for await (const chunk of stdin.readable) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) yield parse(line) as ParentMessage;
    }
  }

  const log = (...parts: unknown[]) => {
    const line = parts.map((part) => typeof part === "string" ? part : inspect(part)).join(" ");
    send({ kind: "log", line });
  };

  function offer(start: ParentMessage & { kind: "start" }): void {
    const kodama = {
      input: start.input,
      targets: start.targets,
      exec: (command: unknown, options: object = {}) => call("exec", { ...options, command }),
      get: (resource: unknown, options: object = {}) => call("get", { ...options, resource }),
      logs: (target: unknown, options: object = {}) => call("logs", { ...options, target }),
      log,
      output: (value: unknown) => send({ kind: "output", value: value ?? null }),
    };
    Object.defineProperty(globalThis, "kodama", { value: Object.freeze(kodama) });
    // Standard output is reserved for the messages.
    Object.assign(globalThis.console, { log, info: log, debug: log, warn: log, error: log });
  }

  /** Returns the position in the script: its module is the only one with a data URL. */
  function positionOf(text: string): { line: number; column: number } | undefined {
    const position = /data:application\/typescript;base64,[^\s:)]*:(\d+):(\d+)/.exec(text);
    return position === null
      ? undefined
      : { line: Number(position[1]), column: Number(position[2]) };
  }

  function threw(error: unknown): never {
    const isError = error instanceof Error;
    const [name, text] = isError ? [error.name, error.message] : ["", String(error)];
    const position = positionOf(isError ? `${text}\n${error.stack ?? ""}` : "");
    const message = text.replaceAll(/ at data:\S+/g, "").slice(0, 4000);
    send({ kind: "threw", name, message, ...position });
    return exit(0);
  }

  async function run(code: string): Promise<void> {
    // A module with a data URL can't import files, whatever the process may read of the disk.
    const bytes = Array.from(encoder.encode(code), (byte) => String.fromCharCode(byte)).join("");
    await import(`data:application/typescript;base64,${btoa(bytes)}`);
    while (waiting.size > 0) await new Promise<void>((resolve) => resume = resolve);
    send({ kind: "ended" });
    exit(0);
  }

  globalThis.addEventListener("unhandledrejection", (event) => threw(event.reason));
  globalThis.addEventListener("error", (event) => threw(event.error));
  (async () => {
    for await (const message of messages()) {
      if (message.kind === "start") {
        offer(message);
        run(message.code).catch(threw);
      } else answered(message);
    }
    // kodama has exited, and no one needs the script any more.
    exit(0);
  })();
}

/** Returns the program as JavaScript. */
export function childProgram(): string {
  return `(${childMain})();`;
}
