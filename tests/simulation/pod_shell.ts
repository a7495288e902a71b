/**
 * What kodama's own scripts do in a pod (`src/exec/scripts`), for scripted containers: the leader that runs a command
 * and marks its end, the watcher that ends it when its input ends, and the signals of a separate exec. That the scripts
 * do the same in real shells is tested beside them.
 */
import type { ScriptedProcess } from "../../packages/cluster/node/testing/scripted_machine.ts";

/** A user's command in a pod. */
export interface CommandPlan {
  output: readonly { afterMs: number; stream: "stdout" | "stderr"; text: string }[];
  /** Reads standard input to its end before it ends. */
  readsInput: boolean;
  /** The exit code after the output; a command that hangs is ended by a signal only. */
  end: number | "hangs";
  /** The signal that ends it. */
  diesOn: "TERM" | "KILL" | "nothing";
}

/** One start of a user's command: the truth, which the client can only report. */
export interface CommandStart {
  readonly pod: string;
  /** Of the pod, if the history is about more than its name. */
  readonly uid: string | undefined;
  readonly written: Record<"stdout" | "stderr", string>;
  input: string;
  /** How it ended; absent while it runs. */
  end?: { kind: "exited"; exitCode: number } | { kind: "signalled"; exitCode: number };
}

/** The shells of all pods. */
export class PodShells {
  /** Every start of a command, in order. */
  readonly starts: CommandStart[] = [];
  readonly #sessions = new Map<string, Session>();
  #nextId = 1000;

  /** @param planOf the command of a pod. */
  constructor(private readonly planOf: (pod: string) => CommandPlan) {}

  /** The script of every exec. */
  async run(process: ScriptedProcess, uid?: string): Promise<number> {
    const [program, , script = "", name, first = "", second = "", ...others] = process.command;
    if (program !== "sh" || name !== "kodama") throw new Error(`no such program: ${program}`);
    if (first === "TERM" || first === "KILL" || first === "0") {
      const session = this.#sessions.get(`${process.container.id}/${second}`);
      await process.print(`${session?.signal(first) ?? 0}\n`);
      return 0;
    }
    const marker = others[3] ?? "";
    const isWatched = script.includes("kodama_watcher=$!");
    return await this.#lead(process, { uid, marker, isWatched });
  }

  async #lead(
    process: ScriptedProcess,
    { uid, marker, isWatched }: { uid: string | undefined; marker: string; isWatched: boolean },
  ): Promise<number> {
    const { container } = process;
    const [leader, watcher] = [this.#nextId++, this.#nextId++];
    const key = `${container.id}/${leader}`;
    const start: CommandStart = {
      pod: container.hostname,
      uid,
      written: { stdout: "", stderr: "" },
      input: "",
    };
    const session = new Session(process, start, this.planOf(container.hostname));
    this.#sessions.set(key, session);
    if (isWatched) void session.watch(graceMsIn(process.command[2] ?? ""));
    await process.print(`${marker}${leader} ${isWatched ? watcher : leader}\n`);
    if (process.killed.aborted) return 137;
    this.starts.push(start);
    const exitCode = await session.run();
    this.#sessions.delete(key);
    await process.print(`${marker}end:${exitCode}\n`);
    await process.print(`${marker}end:${exitCode}\n`, "stderr");
    return exitCode;
  }
}

function graceMsIn(script: string): number {
  return 1000 * Number(/kodama_grace=(\d+)/.exec(script)?.[1] ?? 0);
}

/** A command below its leader. */
class Session {
  readonly #ended = Promise.withResolvers<void>();

  constructor(
    private readonly process: ScriptedProcess,
    private readonly start: CommandStart,
    private readonly plan: CommandPlan,
  ) {
    process.killed.addEventListener("abort", () => this.#end("signalled", 137), { once: true });
  }

  /** Runs the command; returns its exit code. */
  async run(): Promise<number> {
    void this.#play();
    await this.#ended.promise;
    return this.start.end?.exitCode ?? 137;
  }

  /** Returns how many processes were alive. */
  signal(signal: "TERM" | "KILL" | "0"): number {
    const alive = this.start.end === undefined ? 1 : 0;
    if (signal === "TERM" && this.plan.diesOn === "TERM") this.#end("signalled", 143);
    if (signal === "KILL" && this.plan.diesOn !== "nothing") this.#end("signalled", 137);
    return alive;
  }

  /** Ends the command when the input of its exec ends. */
  async watch(graceMs: number): Promise<void> {
    for await (const _line of this.process.input);
    if (this.start.end !== undefined) return;
    this.signal("TERM");
    if (await this.process.passed(graceMs)) this.signal("KILL");
  }

  async #play(): Promise<void> {
    const { process, plan, start } = this;
    for (const { afterMs, stream, text } of plan.output) {
      if (afterMs > 0) await process.passed(afterMs);
      if (start.end !== undefined) return;
      start.written[stream] += text;
      await process.print(text, stream);
    }
    if (plan.readsInput) {
      for await (const bytes of process.input) start.input += new TextDecoder().decode(bytes);
    }
    if (plan.end !== "hangs") this.#end("exited", plan.end);
  }

  #end(kind: "exited" | "signalled", exitCode: number): void {
    this.start.end ??= { kind, exitCode };
    this.#ended.resolve();
  }
}
