/** A watcher's environment for tests: processes and a clock that are files, in the shells of this machine. */
import type { ImageShell } from "../../kube/testing/image_shells.ts";
import { scriptCommand } from "../../base/shell_script.ts";
import { idleWatcherArgs } from "../idle_watcher.ts";
import type { SessionLimits } from "../limits.ts";
import { sessionScripts } from "../pod_script.ts";

/** A process as `proc` shows it. */
export interface FakeProcess {
  pid: number;
  /** 0 for a process from outside. */
  parent?: number;
  /** A terminal's number; none if absent. */
  terminal?: number;
  /** Hundredths of a second. */
  cpu?: number;
  birth?: number;
  /** Its name: any text. */
  name?: string;
  words?: readonly string[];
}

/** How a watcher ended, and its output. */
export interface Ended {
  /** 0: by itself. 143: by the end of the test, at the clock's limit. */
  code: number;
  seconds: number;
  log: string[];
}

/** When the clock of every environment starts. */
export const beginning = 1_800_000_000;

/** An environment. Disposing of it deletes its folder. */
export class WatcherFixture implements AsyncDisposable {
  readonly home: string;
  readonly workspace: string;
  readonly terminals: string;
  #steps = "";
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(readonly folder: string) {
    [this.home, this.workspace, this.terminals] = ["home", "workspace", "pts"]
      .map((name) => `${folder}/${name}`) as [string, string, string];
  }

  static async open(): Promise<WatcherFixture> {
    const fixture = new WatcherFixture(await Deno.makeTempDir({ prefix: "kodama-life-" }));
    for (const name of ["home/.kodama/tasks", "workspace/.kodama-sync-k", "pts", "proc"]) {
      await Deno.mkdir(`${fixture.folder}/${name}`, { recursive: true });
    }
    await Deno.writeTextFile(`${fixture.folder}/clock`, `${beginning}`);
    await fixture.process({ pid: 2, parent: 1 });
    return fixture;
  }

  /** Creates a process, or changes it. */
  async process(one: FakeProcess): Promise<void> {
    const folder = `${this.folder}/proc/${one.pid}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/stat`, statOf(one));
    await Deno.writeTextFile(`${folder}/cmdline`, (one.words ?? ["x"]).join("\0") + "\0");
  }

  /** A local process, as a target for signals. */
  runs(program: string, args: readonly string[]): Deno.ChildProcess {
    const child = new Deno.Command(program, { args: [...args] }).spawn();
    this.#children.push(child);
    return child;
  }

  /** Returns the signals that ended those processes. */
  ended(): Promise<(Deno.Signal | null)[]> {
    return Promise.all(this.#children.map(async ({ status }) => (await status).signal));
  }

  /** Simulates input in a terminal, N seconds after the start. */
  async typed(terminal: number, seconds: number): Promise<void> {
    const path = `${this.terminals}/${terminal}`;
    await Deno.writeTextFile(path, "");
    await Deno.utime(path, beginning + seconds, beginning + seconds);
  }

  /** Runs a line of shell after N seconds, in the environment's folder. */
  at(seconds: number, line: string): void {
    const moment = beginning + seconds;
    this.#steps += `[ "$from" -lt ${moment} ] && [ "$to" -ge ${moment} ] && { ${line}; }\n`;
  }

  /** The same for a process: its `stat` from then on. */
  processAt(seconds: number, one: FakeProcess): void {
    const folder = `proc/${one.pid}`;
    const stat = statOf(one).replaceAll("'", `'\\''`);
    const words = (one.words ?? ["x"]).map((word) => `'${word}'`).join(" ");
    this.at(
      seconds,
      `[ -d ${folder} ] || mkdir ${folder}; printf '%s' '${stat}' >${folder}/stat; printf '%s\\000' ${words} >${folder}/cmdline`,
    );
  }

  /** Runs a watcher until it and all its processes end, or until the clock shows N seconds. */
  async run(shell: ImageShell, limits: SessionLimits, untilSeconds: number): Promise<Ended> {
    const { folder } = this;
    await Deno.writeTextFile(
      `${folder}/sleep`,
      `cd ${folder}
read -r from <clock
to=$((from + $1))
${this.#steps}echo "$to" >clock
[ "$to" -lt ${beginning + untilSeconds} ] || kill -TERM $PPID
`,
    );
    // Each process of the watcher holds its stderr open as 9: so its output ends when the last process has ended, even
    // a process that still notifies a terminal in the background.
    const programs = `exec 9>&2
date() { read -r now <${folder}/clock; echo "$now"; }
sleep() { exec ${[...shell.args, `${folder}/sleep`].join(" ")} "$1"; }
`;
    const watcherArgs = idleWatcherArgs(limits, {
      proc: `${folder}/proc`,
      terminals: this.terminals,
      workspace: this.workspace,
    });
    const [, ...command] = scriptCommand([programs, ...sessionScripts.idleWatcher], watcherArgs);
    const [program = "", ...args] = shell.args;
    const env = { HOME: this.home, PATH: shell.path, KODAMA_SESSION: "work", TMPDIR: folder };
    const output = await new Deno.Command(program, {
      args: [...args, ...command],
      clearEnv: true,
      env,
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (output.stderr.length > 0) throw new Error(text(output.stderr));
    const clock = Number(await Deno.readTextFile(`${folder}/clock`));
    const log = text(output.stdout).split("\n").filter(Boolean);
    return { code: output.code, seconds: clock - beginning, log };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.folder, { recursive: true });
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html Terminals of devpts have the major number 136. */
function statOf({ pid, parent = 0, terminal, cpu = 0, birth = 7, name = "x" }: FakeProcess) {
  const tty = terminal === undefined ? 0 : 136 << 8 | terminal & 255 | (terminal & ~255) << 12;
  const before = `${pid} (${name}) S ${parent} ${pid} ${pid} ${tty} -1 4194560 258 848 0 2`;
  return `${before} ${cpu} 0 0 0 39 19 1 0 ${birth} 2654208 408 18446744073709551615\n`;
}
