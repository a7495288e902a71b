/** A program in a terminal, as a user has it: keys in, a screen out. The terminal is tmux. */
import { runCommand } from "./command.ts";
import { processes } from "./process_lists.ts";
import { hangLimitMs } from "./hang_limit.ts";

/** Returns why there is no terminal available; undefined if there is one. */
export async function terminalMissing(): Promise<string | undefined> {
  try {
    await runCommand(["tmux", "-V"], { env: { PATH: Deno.env.get("PATH") ?? "" } });
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "tmux isn't installed";
    throw error;
  }
}

/** Returns why no shell is kept in an embedded cluster's pods: they open terminals by this machine's file system of them. */
export async function podTerminalsMissing(): Promise<string | undefined> {
  const opening = ["sh", "-c", ": <>/dev/pts/ptmx"];
  const { code } = await runCommand(opening, { env: { PATH: Deno.env.get("PATH") ?? "" } });
  return code === 0 ? undefined : "/dev/pts/ptmx is root's";
}

/**
 * The prompt of a pod's bash at the end of a line: without namespaces it has the machine's name, and a longer path, which
 * may be wrapped.
 */
export function podPrompt(pod: string): RegExp {
  return new RegExp(`(?:${pod}|@[^\\s:]+):[\\S\\n]*[#$] ?$`, "m");
}

/** The options of a terminal. */
export interface TerminalOptions {
  env: Readonly<Record<string, string>>;
  cwd?: string;
  columns?: number;
  rows?: number;
}

/** Resolves when it is time for the next poll: a terminal reports no changes, and each poll is a process. */
export function nextPoll(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

/** A terminal with one program. Disposing of it ends both. */
export class PseudoTerminal implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Runs args in a terminal of their own. When they end, the screen stays unchanged. */
  static async open(words: readonly string[], options: TerminalOptions): Promise<PseudoTerminal> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-tmux-" });
    const terminal = new PseudoTerminal(folder, options.env);
    const { columns = 80, rows = 24, cwd = folder } = options;
    await Deno.writeTextFile(`${folder}/conf`, "set -g remain-on-exit on\nset -g status off\n");
    const size = ["-x", String(columns), "-y", String(rows)];
    const server = ["-f", `${folder}/conf`, "new-session", "-d", ...size, "-c", cwd];
    const environment = Object.entries(options.env).flatMap(([name, value]) =>
      name === "TERM" ? [] : ["-e", `${name}=${value}`]
    );
    // tmux 3.3 occasionally never learns that a pane's program has ended: a shell records it. Ctrl-C and Ctrl-\ are for
    // the program.
    const noting = ["sh", "-c", 'trap : INT QUIT; "$@"; echo $? >"$0"', `${folder}/exit-code`];
    await terminal.#tmux(...server, ...environment, "--", ...noting, ...words);
    return terminal;
  }

  async #tmux(...args: string[]): Promise<string> {
    const socket = ["-S", `${this.folder}/socket`];
    const { code, stdout, stderr } = await runCommand(["tmux", ...socket, ...args], {
      env: this.env,
    });
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }

  /** Types text literally. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Types text into a line, and presses Enter when it is shown there: Enter that comes with other keys does nothing. */
  async enter(text: string): Promise<void> {
    await this.type(text);
    await this.until(text, (screen) => screen.includes(text));
    await this.press("Enter");
  }

  /** Presses keys by tmux's names: `Enter`, `C-c`, `Up`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Pastes a text: with its marks if the program has asked for them, else as a terminal that has none. */
  async paste(text: string, { marked }: { marked: boolean }): Promise<void> {
    const file = `${this.folder}/pasted`;
    await Deno.writeTextFile(file, text);
    await this.#tmux("load-buffer", file);
    await this.#tmux("paste-buffer", ...(marked ? ["-p"] : []));
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Returns the screen, line by line, without blanks at the ends of lines. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** Returns the same with its SGR sequences. */
  async coloredScreen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-e")).trimEnd();
  }

  /** Waits for a condition on the screen, and returns the screen. A failure prints the name. */
  async until(name: string, condition: RegExp | ((screen: string) => boolean)): Promise<string> {
    const holds = condition instanceof RegExp ? (s: string) => condition.test(s) : condition;
    return await this.#look(name, () => this.screen(), holds);
  }

  async #look(
    name: string,
    at: () => Promise<string>,
    holds: (seen: string) => boolean,
  ): Promise<string> {
    const deadline = performance.now() + hangLimitMs;
    while (true) {
      const seen = await at();
      if (holds(seen)) return seen;
      if (performance.now() > deadline) {
        throw new Error(`not seen: ${name}\n${await this.#everyPane()}`);
      }
      await nextPoll();
    }
  }

  /** Returns all panes: a program under test may have opened further ones. */
  async #everyPane(): Promise<string> {
    const format = "#{pane_id} #{pane_width}x#{pane_height} #{window_name}";
    const panes = (await this.#tmux("list-panes", "-a", "-F", format)).trimEnd().split("\n");
    const screens = panes.map(async (pane) => {
      const [id = ""] = pane.split(" ");
      return `${pane}\n${(await this.#tmux("capture-pane", "-p", "-t", id)).trimEnd()}`;
    });
    return (await Promise.all(screens)).join("\n");
  }

  /** Sends a signal to the processes in this terminal whose command line matches; by default one that kills them. */
  async kill(words: RegExp, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const leader = Number(await this.#tmux("display-message", "-p", "#{pane_pid}"));
    const here = (await processes()).filter(({ session }) => session === leader);
    const found = here.filter(({ args }) => words.test(args) && !args.startsWith("sh "));
    if (found.length === 0) {
      throw new Error(`nothing to kill in:\n${here.map(({ args }) => args).join("\n")}`);
    }
    for (const { pid } of found) Deno.kill(pid, signal);
  }

  /** The exit code of the program, once it has ended. */
  async exitCode(): Promise<number> {
    const noted = async () => {
      try {
        return await Deno.readTextFile(`${this.folder}/exit-code`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return "";
        throw error;
      }
    };
    return Number(await this.#look("the end of the program", noted, (text) => text.endsWith("\n")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTmux((...args) => this.#tmux(...args));
    await Deno.remove(this.folder, { recursive: true });
  }
}

/**
 * Ends a tmux server, and waits until the programs in its panes have ended: a hangup lets them write their last files,
 * in folders that the test is about to remove.
 */
export async function endTmux(tmux: (...args: string[]) => Promise<string>): Promise<void> {
  // By session, not by terminal: a container's `pts/4` has the same number as this machine's.
  const panes = await tmux("list-panes", "-a", "-F", "#{pane_pid}").catch(() => "");
  const leaders = panes.trim().split("\n").filter((pid) => pid !== "").map(Number);
  if (leaders.length === 0) return;
  const running = async () => (await processes()).filter(({ state }) => state !== "Z");
  const ids = new Set(
    (await running()).filter(({ session }) => leaders.includes(session)).map(({ pid }) => pid),
  );
  await tmux("kill-server").catch(() => {});
  const deadline = performance.now() + hangLimitMs;
  while (true) {
    const left = (await running()).filter(({ pid }) => ids.has(pid));
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`still running:\n${left.map(({ args }) => args).join("\n")}`);
    }
    await nextPoll();
  }
}
