/** A program in a terminal, as a user has it: keys in, a screen out. The terminal is tmux. */
import { runCommand } from "./command.ts";
import { hangLimitMs } from "./hang_limit.ts";
import { processes } from "./process_lists.ts";
import { TmuxControl } from "./tmux_control.ts";

/** The end of the program, as the control mode escapes its sequence. */
const endMark = /\\033\]7777;(\d+)\\007/;

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

/** A terminal with one program. Disposing of it ends both. */
export class PseudoTerminal implements AsyncDisposable {
  readonly #tmux: TmuxControl;
  /** What the programs have written last, as the control mode escapes it. */
  #written = "";
  #code: string | undefined;

  private constructor(
    readonly folder: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.#tmux = new TmuxControl(
      ["-S", `${folder}/socket`, "-f", `${folder}/conf`, ...args],
      env,
      (escaped) => this.#noteEnd(escaped.slice(escaped.indexOf(" ") + 1)),
    );
  }

  #noteEnd(escaped: string): void {
    this.#written = (this.#written + escaped).slice(-64 - escaped.length);
    this.#code ??= endMark.exec(this.#written)?.[1];
  }

  /** Runs args in a terminal of their own. When they end, the screen stays unchanged. */
  static async open(words: readonly string[], options: TerminalOptions): Promise<PseudoTerminal> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-tmux-" });
    const { columns = 80, rows = 24, cwd = folder } = options;
    await Deno.writeTextFile(`${folder}/conf`, "set -g status off\n");
    const size = ["-x", String(columns), "-y", String(rows)];
    const environment = Object.entries(options.env).flatMap(([name, value]) =>
      name === "TERM" ? [] : ["-e", `${name}=${value}`]
    );
    // A shell writes the code, in a sequence that no terminal shows, and cat holds the pane open: tmux 3.3 occasionally
    // never learns that a pane's program has ended, and drops output that it hasn't reported by then. Ctrl-C and Ctrl-\ are
    // for the program.
    const line = `trap : INT QUIT; "$@"; code=$?; trap '' INT QUIT
      printf '\\033]7777;%s\\007' $code; exec cat >/dev/null`;
    const noting = ["sh", "-c", line, "sh"];
    const args = ["new-session", ...size, "-c", cwd, ...environment, "--", ...noting, ...words];
    return new PseudoTerminal(folder, args, options.env);
  }

  /** Types text literally. */
  async type(text: string): Promise<void> {
    await this.#tmux.run("send-keys", "-l", "--", text);
  }

  /** Types text into a line, and presses Enter when it is shown there: Enter that comes with other keys does nothing. */
  async enter(text: string): Promise<void> {
    // It may be on the screen already, for example in a list that is searched.
    const times = (screen: string) => screen.split(text).length;
    const before = times(await this.screen());
    await this.type(text);
    await this.shows(text, (screen) => times(screen) > before);
    await this.press("Enter");
  }

  /** Presses keys by tmux's names: `Enter`, `C-c`, `Up`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux.run("send-keys", ...keys);
  }

  /** Pastes a text: with its marks if the program has asked for them, else as a terminal that has none. */
  async paste(text: string, { marked }: { marked: boolean }): Promise<void> {
    const file = `${this.folder}/pasted`;
    await Deno.writeTextFile(file, text);
    await this.#tmux.run("load-buffer", file);
    await this.#tmux.run("paste-buffer", ...(marked ? ["-p"] : []));
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux.run("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Returns the screen, line by line, without blanks at the ends of lines. */
  async screen(): Promise<string> {
    return (await this.#tmux.run("capture-pane", "-p")).trimEnd();
  }

  /** Returns the same with its SGR sequences. */
  async coloredScreen(): Promise<string> {
    return (await this.#tmux.run("capture-pane", "-p", "-e")).trimEnd();
  }

  /** Returns the screen once it shows what is expected. A failure prints the name. */
  async shows(name: string, expected: RegExp | ((screen: string) => boolean)): Promise<string> {
    const holds = expected instanceof RegExp ? (s: string) => expected.test(s) : expected;
    const everything = () => this.#everyPane();
    return await this.#tmux.until({ what: name, at: () => this.screen(), holds, everything });
  }

  /** Returns all panes: a program under test may have opened further ones. */
  async #everyPane(): Promise<string> {
    const format = "#{pane_id} #{pane_width}x#{pane_height} #{window_name}";
    const panes = (await this.#tmux.run("list-panes", "-a", "-F", format)).trimEnd().split("\n");
    const screens = panes.map(async (pane) => {
      const [id = ""] = pane.split(" ");
      return `${pane}\n${(await this.#tmux.run("capture-pane", "-p", "-t", id)).trimEnd()}`;
    });
    return (await Promise.all(screens)).join("\n");
  }

  /** Sends a signal to the processes in this terminal whose command line matches; by default one that kills them. */
  async kill(words: RegExp, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const leader = Number(await this.#tmux.run("display-message", "-p", "#{pane_pid}"));
    const here = (await processes()).filter(({ session }) => session === leader);
    const found = here.filter(({ args }) => words.test(args) && !args.startsWith("sh "));
    if (found.length === 0) {
      throw new Error(`nothing to kill in:\n${here.map(({ args }) => args).join("\n")}`);
    }
    for (const { pid } of found) Deno.kill(pid, signal);
  }

  /** Whether the program has ended. */
  get hasEnded(): boolean {
    return this.#code !== undefined;
  }

  /** The exit code of the program, once it has ended. */
  async exitCode(): Promise<number> {
    const code = await this.#tmux.until({
      what: "the end of the program",
      at: () => Promise.resolve(this.#code ?? ""),
      holds: (text) => text !== "",
      everything: () => this.#everyPane(),
    });
    return Number(code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTmux((...args) => this.#tmux.run(...args));
    await this.#tmux[Symbol.asyncDispose]();
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
  for (;;) {
    const left = (await running()).filter(({ pid }) => ids.has(pid));
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`still running:\n${left.map(({ args }) => args).join("\n")}`);
    }
    // They aren't this process' children: nothing reports their ends.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
