/**
 * Every verb that ends or changes a session's workspace, in every situation in which the pod has something that this
 * machine hasn't: each version of a file is here or in the session's volume then, or the verb was refused.
 */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import type { SlowLink } from "./slow_link.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The machine, behind a link that can be cut. */
export interface Ground {
  kodama: SourceKodama;
  link: SlowLink;
  /** An empty folder of this machine. */
  folder: string;
  /** More flags of `kodama start`, such as an image. */
  start: readonly string[];
}

const situations = [
  "behind",
  "conflict",
  "killed",
  "disk full",
  "link cut",
  "another machine",
  "no sync",
] as const;

const verbs = [
  "delete",
  "purge",
  "stop and purge",
  "set",
  "restore",
  "idle",
  "ttl",
  "transfer",
] as const;

/** A verb in a situation. */
export interface EndCase {
  situation: typeof situations[number];
  verb: typeof verbs[number];
}

/** All of them. */
export const endCases: readonly EndCase[] = situations.flatMap((situation) =>
  verbs.map((verb) => ({ situation, verb }))
);

/** A file of the pod, by its name and checksum. */
type Version = readonly [path: string, sum: string];

/** What a verb has printed, and its code. */
interface Ended {
  code: number;
  stderr: string;
}

/** Runs one; throws if a version is lost. */
export async function endCase(ground: Ground, { situation, verb }: EndCase): Promise<void> {
  const session = `${situation}-${verb}`.replaceAll(" ", "-");
  const cell = new Cell(ground, session);
  const limit = verb === "ttl"
    ? ["--ttl", "25s"]
    : verb === "idle"
    ? ["--idle-timeout", "15s"]
    : [];
  const sync = situation === "no sync" ? ["--no-sync"] : ["--sync", session];
  await Deno.mkdir(cell.here);
  await using stack = new AsyncDisposableStack();
  if (situation === "disk full") {
    const mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", cell.here];
    await cell.local(...mount);
    stack.defer(async () => void await cell.local("umount", "-l", cell.here));
  }
  await Deno.writeTextFile(`${cell.here}/first`, "first\n");
  await cell.run("start", session, ...sync, ...ground.start, ...limit);
  if (verb === "restore") await cell.run("snapshot", session, "--output", cell.archive);
  const versions = await cell.arrange(situation);
  const ended = await cell.act(situation, verb);
  const lost = await cell.lost(versions);
  assert.deepEqual(lost, [], `${session} ended with ${ended.code}: ${ended.stderr}`);
  if (ended.code !== 0) assert.notEqual(ended.stderr, "", session);
  const remove = ["delete", session, "--purge", "--discard", "--force", "--theirs"];
  await ground.kodama.run(remove, { cwd: ground.folder });
}

class Cell {
  readonly here: string;
  readonly archive: string;

  constructor(private readonly ground: Ground, private readonly session: string) {
    this.here = `${ground.folder}/${session}`;
    this.archive = `${ground.folder}/${session}.tar.gz`;
  }

  run(...words: string[]): Promise<string> {
    return this.ground.kodama.succeed(words, { cwd: this.ground.folder });
  }

  /** Runs a program on this machine. */
  async local(...command: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand(command, { env: this.ground.kodama.env });
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async arrange(situation: EndCase["situation"]): Promise<Version[]> {
    const small = "echo a small one >small";
    switch (situation) {
      case "behind":
      case "link cut":
        return await this.write(`yes behind | head -c 300000000 >big; ${small}`, "big", "small");
      case "disk full":
        return await this.write(`yes full | head -c 9000000 >big; ${small}`, "big", "small");
      case "killed":
        await this.#signalSync("SIGKILL");
        return await this.write(small, "small");
      case "another machine":
        return await this.write(small, "small");
      case "conflict": {
        await this.#signalSync("SIGSTOP");
        const versions = await this.write("echo theirs >first", "first");
        await Deno.writeTextFile(`${this.here}/first`, "mine\n");
        await this.#signalSync("SIGCONT");
        return [...versions, ...versionsOf(await this.local("sha256sum", `${this.here}/first`))];
      }
      case "no sync":
        return await this.write(
          "git init -q && echo 1 >committed && git add . && " +
            "git -c user.name=A -c user.email=a@example.com commit -qm work; echo 2 >draft",
          "committed",
          "draft",
        );
    }
  }

  /** Runs a line in the workspace, and returns the files that it has written. */
  async write(line: string, ...paths: string[]): Promise<Version[]> {
    const sums = await this.#inPod(`{ ${line}; } >&2; sha256sum ${paths.join(" ")}`);
    return versionsOf(sums);
  }

  async act(situation: EndCase["situation"], verb: EndCase["verb"]): Promise<Ended> {
    const { session, ground: { kodama, folder, link } } = this;
    const other = { HOME: `${folder}/other`, KODAMA_CONFIG_DIR: `${folder}/other/.kodama` };
    await Deno.mkdir(other.HOME, { recursive: true });
    const elsewhere = situation === "another machine" ? { env: other } : {};
    const on = async (...words: string[]): Promise<Ended> => {
      const running = kodama.run(words, { cwd: folder, ...elsewhere });
      if (situation !== "link cut") return await running;
      await link.nextConnection();
      using _cut = link.cut();
      return await running;
    };
    switch (verb) {
      case "delete":
        return await on("delete", session, "--force");
      case "purge":
        return await on("delete", session, "--purge", "--force");
      case "stop and purge":
        await on("stop", session);
        return await on("delete", session, "--purge", "--force");
      case "set":
        return await on("set", session, "--cpu", "1");
      case "restore":
        await on("stop", session);
        return await on("restore", session, this.archive, "--yes");
      case "transfer":
        return await on("transfer", session, "--to", "bob@example.com");
      case "idle":
      case "ttl": {
        if (situation === "link cut") link.drop();
        await this.#stopped();
        return { code: 0, stderr: "" };
      }
    }
  }

  /** Returns the versions that neither this machine nor the session's volume has. */
  async lost(versions: readonly Version[]): Promise<Version[]> {
    const notIn = (text: string, of: readonly Version[]) => {
      const found = new Set(versionsOf(text).map(([, sum]) => sum));
      return of.filter(([, sum]) => !found.has(sum));
    };
    const sums = "find . -type f -exec sha256sum {} +";
    const here = await this.local("sh", "-c", `cd '${this.here}'; ${sums}`);
    const missing = notIn(here, versions);
    if (missing.length === 0) return [];
    const { kodama, folder } = this.ground;
    const words = (...verb: string[]) => kodama.run(verb, { cwd: folder });
    const inPod = () => words("attach", this.session, "--command", sums);
    let found = await inPod();
    if (found.code !== 0) {
      // It may wait for a sync until the session has stopped by itself again.
      let code: number | undefined;
      const resuming = words("resume", this.session, "--theirs").then((ended) => code = ended.code);
      while (found.code !== 0 && code === undefined) found = await inPod();
      await resuming;
      // A session that was deleted without its volumes starts with them.
      if (code === 1) await words("start", this.session, "--no-sync", ...this.ground.start);
      if (found.code !== 0) found = await inPod();
    }
    return notIn(found.stdout, missing);
  }

  /** Waits until the session has stopped by itself. */
  async #stopped(): Promise<void> {
    for (let count = 0;; count++) {
      const { status } = JSON.parse(await this.run("get", this.session, "-o", "json"));
      if (status === "Stopped") return;
      assert.ok(count < 90, `${this.session} is ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  async #inPod(line: string): Promise<string> {
    return await this.run("attach", this.session, "--command", line);
  }

  async #signalSync(signal: Deno.Signal): Promise<void> {
    const reports: { key: string; pid: number }[] = JSON.parse(
      await this.run("sync", "list", "-o", "json"),
    );
    const pid = reports.find(({ key }) => key.endsWith(`.${this.session}`))?.pid;
    assert.ok(pid !== undefined);
    Deno.kill(pid, signal);
  }
}

function versionsOf(sums: string): Version[] {
  return sums.split("\n").flatMap((line) => {
    const [, sum, path] = /^([0-9a-f]{64}) [ *](.*)$/.exec(line.trim()) ?? [];
    return sum === undefined || path === undefined ? [] : [[path, sum] as const];
  });
}
