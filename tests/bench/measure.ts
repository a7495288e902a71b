/** One run of a program: how long, at what cost, and what it wrote. */

/** A program to be measured. */
export interface Job {
  program: string;
  words: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
}

/** What a run was. CPU and memory are undefined if nothing on this machine measures them. */
export interface Run {
  code: number;
  wallMs: number;
  /** User and system, of the program and of all that it started and waited for. */
  cpuMs: number | undefined;
  /** The peak of the largest of these processes. */
  memoryMb: number | undefined;
  stdout: string;
  stderr: string;
}

/** GNU time: the only program here that measures CPU and memory of a whole tree of processes. */
const meter = "/usr/bin/time";

/** Whether this machine has {@link meter}; others of that name know no `-f`. */
export async function hasMeter(): Promise<boolean> {
  try {
    const { code } = await new Deno.Command(meter, {
      args: ["-f", "%U", "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs the program to its end. `metered`: by {@link meter}. */
export async function measure(job: Job, options: { metered: boolean }): Promise<Run> {
  const notes = `${job.cwd}/cost`;
  const [program, args] = options.metered
    ? [meter, ["-q", "-f", "%U %S %M", "-o", notes, job.program, ...job.words]]
    : [job.program, [...job.words]];
  const command = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { ...job.env },
    cwd: job.cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const start = performance.now();
  const { code, stdout, stderr } = await command.output();
  const wallMs = performance.now() - start;
  const decoder = new TextDecoder();
  const cost = options.metered ? readCost(await Deno.readTextFile(notes)) : {};
  return {
    code,
    wallMs,
    cpuMs: cost.cpuMs,
    memoryMb: cost.memoryMb,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** `user system kilobytes`, after a remark on a signal where there was one. */
export function readCost(text: string): { cpuMs?: number; memoryMb?: number } {
  const numbers = /^([\d.]+) ([\d.]+) (\d+)$/m.exec(text)?.slice(1).map(Number);
  const [user, system, kilobytes] = numbers ?? [];
  if (user === undefined || system === undefined || kilobytes === undefined) return {};
  return { cpuMs: (user + system) * 1000, memoryMb: kilobytes / 1024 };
}
