/** A client of tmux in control mode, tmux(1): answers, and the changes of its panes, are lines of one process. */
import { Changes } from "../../src/base/testing/changes.ts";
import { linesOf } from "../suites/run.ts";
import { beforeHang } from "./hang_limit.ts";

interface Answer {
  resolve: (text: string) => void;
  reject: (error: Error) => void;
}

/** How a look at tmux waits for what it shows. */
interface Look {
  /** For the error. */
  what: string;
  at: () => Promise<string>;
  holds: (seen: string) => boolean;
  /** All that is to be seen, for the error. */
  everything: () => Promise<string>;
}

/** A running client. Disposing of it ends the client alone. */
export class TmuxControl implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #changes = new Changes();
  /** Resolves when the client has a session: commands before that have no target. */
  readonly #attached = Promise.withResolvers<void>();
  /** In the order of their commands. */
  readonly #answers: Answer[] = [];
  #isOver = false;

  /** Starts `tmux ARGS…`; each line that a program in a pane of its session writes is passed on. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    private readonly onOutput: (escaped: string) => void = () => {},
  ) {
    this.#child = new Deno.Command("tmux", {
      args: ["-u", "-C", ...args],
      clearEnv: true,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Runs a command of tmux; returns its output. Throws if tmux reports an error. */
  async run(...args: readonly string[]): Promise<string> {
    await this.#attached.promise;
    if (this.#isOver) throw new Error(`tmux has ended before: ${args.join(" ")}`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#answers.push({ resolve, reject });
    const line = new TextEncoder().encode(`${args.map(quoted).join(" ")}\n`);
    const [answer] = await Promise.all([promise, this.#input.write(line)]);
    return answer;
  }

  /** Returns what is seen once it fulfils the condition: looks now, and after each change that tmux reports. */
  async until({ what, at, holds, everything }: Look): Promise<string> {
    let seen = "";
    const fits = async () => holds(seen = await at());
    const event = this.#changes.holds(() => `${what}; now:\n${seen}`, fits);
    await beforeHang(event, async () => new Error(`not seen: ${what}\n${await everything()}`));
    return seen;
  }

  async #read(): Promise<void> {
    let answer: { lines: string[]; id: string } | undefined;
    for await (const line of linesOf(this.#child.stdout)) {
      const [, kind = "", id = ""] = /^%(\w[\w-]*)(?: (.*))?$/.exec(line) ?? [];
      if (answer !== undefined) {
        const isEnd = (kind === "end" || kind === "error") && id === answer.id;
        if (!isEnd) answer.lines.push(line);
        else {
          this.#answered(kind, answer);
          answer = undefined;
        }
      } else if (kind === "begin") answer = { lines: [], id };
      else {
        if (kind === "session-changed") this.#attached.resolve();
        if (kind === "output") this.onOutput(id);
        this.#changes.changed();
      }
    }
    this.#isOver = true;
    this.#attached.resolve();
    for (const { reject } of this.#answers.splice(0)) reject(new Error("tmux has ended"));
    this.#changes.end(() => new Error("tmux has ended"));
  }

  #answered(kind: string, { lines, id }: { lines: readonly string[]; id: string }): void {
    // The last of `begin TIME NUMBER FLAGS` is 1 for the commands of this client's input.
    if (!id.endsWith(" 1")) return;
    const text = lines.join("\n");
    const waiting = this.#answers.shift();
    if (kind === "end") waiting?.resolve(text);
    else waiting?.reject(new Error(`tmux: ${text}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The client ends with its input; it may have ended with its server.
    await this.#input.close().catch(() => {});
    await this.#reading;
    await this.#child.status;
  }
}

/** Returns a word as tmux's commands quote it: in double quotes a backslash escapes, and control characters are octal. */
function quoted(word: string): string {
  const text = word.replaceAll(/["$\\]/g, "\\$&")
    // deno-lint-ignore no-control-regex -- they would end the line
    .replaceAll(/[\x00-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `"${text}"`;
}
