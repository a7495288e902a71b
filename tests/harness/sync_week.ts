/**
 * A week of work in a session whose folder is synced: rebases, renames, builds, kills, lost pods. After each thing that
 * happens, both sides are compared by checksums, and texts that must have survived are looked for.
 */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The session, on both sides. */
interface Week {
  kodama: SourceKodama;
  /** The folder that is synced, on this machine. */
  folder: string;
  session: string;
  /** Removes the session's pod without grace, as a lost node does. */
  removePod: () => Promise<void>;
}

/** What happens, as lines of shell on one side; or anything else. */
interface Happening {
  name: string;
  here?: string;
  there?: string;
  /** Runs beside the lines. */
  also?: (week: WorkingWeek) => Promise<unknown>;
  /** Texts that some file of both sides must have then, each the whole of a file. */
  survives?: readonly string[];
}

const commits = [1, 2, 3, 4, 5, 6].map((count) =>
  `echo ${count} >commit-${count}; git add -A; git commit -qm ${count};`
).join(" ");

/** Writes the same names on both sides, with other texts. */
const both = (side: string) => `for n in 1 2 3 4 5 6 7 8 9 10; do echo "${side} $n" >both-$n; done`;

/** Runs lines on both sides that the sync sees at once. */
async function frozen(week: WorkingWeek, here: string, there: string): Promise<void> {
  await week.signalSync("SIGSTOP");
  await Promise.all([week.here(here), week.there(there)]);
  await week.signalSync("SIGCONT");
}

const happenings: readonly Happening[] = [
  {
    name: "a first save here",
    here: "echo 1 >first; mkdir -p src; echo 2 >src/a",
    survives: ["1"],
  },
  { name: "a save there", there: "echo there >src/b", survives: ["there"] },
  {
    name: "the same files at once",
    also: (week) => frozen(week, both("here"), both("there")),
    survives: ["here 1", "there 1", "here 10", "there 10"],
  },
  {
    name: "a folder of 2,000 files",
    here: "mkdir big; for n in $(seq 2000); do echo $n >big/$n; done",
  },
  { name: "commits there", there: `git init -q; ${commits}` },
  {
    name: "a rebase there",
    there: "git rebase -q --force-rebase --root",
  },
  {
    name: "a branch switched there",
    there: "git checkout -qb other; mkdir many; for n in $(seq 300); do echo $n >many/$n; done; " +
      "git rm -q commit-1 commit-2; git add -A; git commit -qm many",
  },
  { name: "and back, while this machine writes", there: "git checkout -q -", here: "echo w >mine" },
  { name: "renamed here", here: "mv big great" },
  { name: "renamed there", there: "mv great huge" },
  { name: "renamed differently at once", here: "mv huge vast", there: "mv huge giant" },
  { name: "names of one case and another", here: "echo l >case; echo u >CASE" },
  {
    name: "links, one to nothing and one to itself",
    there: "ln -s first l1; ln -s none l2; ln -s l3 l3",
  },
  { name: "an execute bit", here: "chmod +x first" },
  { name: "a file becomes a folder", there: "rm src/a; mkdir src/a; echo in >src/a/in" },
  { name: "a folder becomes a link", here: "rm -r src/a; ln -s b src/a" },
  {
    name: "names of any kind",
    here: "touch -- -rf '*' 'a b' 'ä' 'ä' '🐚' \"$(printf '\\001')\" 'q\"q'; " +
      "d=deep; for n in $(seq 40); do d=$d/level-of-many-$n; done; mkdir -p $d; echo deep >$d/f",
    survives: ["deep"],
  },
  {
    name: "a build there, and a save here meanwhile",
    there: "mkdir build; for n in $(seq 3000); do echo $n >build/$n.o; done",
    also: ({ here }) => here("sleep 1; echo meanwhile >meanwhile"),
    survives: ["meanwhile"],
  },
  {
    name: "edits, deletions and a conflict while the sync is frozen",
    also: (week) =>
      frozen(
        week,
        "echo mine >frozen; rm meanwhile",
        "echo theirs >frozen; echo edited >meanwhile; rm -r build",
      ),
    survives: ["mine", "theirs", "edited"],
  },
  {
    name: "a kill of the idle sync",
    also: async ({ here, there, signalSync, up }) => {
      await signalSync("SIGKILL");
      await here("echo k >killed-here; rm mine");
      await there("echo k >killed-there");
      await up();
    },
  },
  {
    name: "a kill in the middle of 4,000 files",
    there: "mkdir wide; for n in $(seq 4000); do echo $n >wide/$n; done",
    also: async ({ signalSync, up }) => {
      await signalSync("SIGKILL");
      await up();
    },
  },
  {
    name: "a pod that is lost",
    also: async ({ here, removePod, resume }) => {
      await removePod();
      await here("echo lost >while-lost");
      await resume();
    },
    survives: ["lost"],
  },
  {
    name: "a stop, an edit, a resume",
    also: async ({ here, stop, resume }) => {
      await stop();
      await here("echo stopped >while-stopped; rm -r vast giant");
      await resume();
    },
    survives: ["stopped"],
  },
  {
    name: "deleted here, built there",
    also: async ({ here, there }) => {
      for (let count = 0; count < 5; count++) {
        await Promise.all([here("rm -rf out"), there(`mkdir -p out; echo ${count} >out/${count}`)]);
      }
    },
  },
  {
    name: "a file that grows",
    there: "for n in $(seq 50); do head -c 200000 /dev/zero; sleep 0.02; done >log",
  },
  {
    name: "one file again and again here",
    here: "for n in $(seq 300); do echo $n >often; done; echo end-h >often",
    survives: ["end-h"],
  },
  {
    name: "and there",
    there: "for n in $(seq 300); do echo $n >often; done; echo end-t >often",
    survives: ["end-t"],
  },
  {
    name: "a pattern comes and goes",
    also: async ({ here, there, flush }) => {
      await here("echo 'wide/' >.kodamaignore");
      await flush();
      await Promise.all([here("rm wide/1"), there("echo kept >wide/2")]);
      await flush();
      await here("rm .kodamaignore");
    },
    survives: ["kept"],
  },
  { name: "a stash there", there: "git add -A; git stash -q; git stash pop -q" },
  {
    name: "git clean there",
    there:
      "echo x >untracked; mkdir scratch; echo y >scratch/y; git add -A; git commit -qm all; echo z >junk; git clean -fdxq",
  },
];

/** How many comparisons a week has. */
export const comparisons = happenings.length;

/** Runs it; returns the names of the comparisons that were equal, and throws at the first that isn't. */
export async function syncWeek(week: Week): Promise<string[]> {
  const working = new WorkingWeek(week);
  const equal: string[] = [];
  for (const { name, here, there, also, survives = [] } of happenings) {
    await Promise.all([
      here === undefined ? undefined : working.here(here),
      there === undefined ? undefined : working.there(there),
      also?.(working),
    ]);
    await working.compare(name, survives);
    equal.push(name);
  }
  return equal;
}

/** Prints kinds, modes, checksums and targets of everything that is synced. */
const list =
  `find . -name .git -prune -o -name '.kodama*' -prune -o -type f -exec sha256sum {} + -o -type l -exec sh -c \
'for l; do echo "$l -> $(readlink "$l")"; done' sh {} + -o -type d -exec echo dir {} ';' | sort
find . -name .git -prune -o -name '.kodama*' -prune -o -type f -perm -100 -exec echo runs {} ';' | sort`;

class WorkingWeek {
  readonly removePod: () => Promise<void>;
  readonly #week: Week;

  constructor(week: Week) {
    this.#week = week;
    this.removePod = week.removePod;
  }

  /** Runs a line of shell in the folder here; returns its output. */
  readonly here = async (line: string): Promise<string> => {
    const { kodama: { env }, folder } = this.#week;
    const { code, stdout, stderr } = await runCommand(["sh", "-ec", line], { env, cwd: folder });
    assert.equal(code, 0, `${line}: ${stderr}`);
    return stdout;
  };

  /** Runs a line of shell in the pod's folder. */
  readonly there = async (line: string): Promise<string> => {
    const setUp = "export GIT_AUTHOR_NAME=J GIT_AUTHOR_EMAIL=j@example.com " +
      "GIT_COMMITTER_NAME=J GIT_COMMITTER_EMAIL=j@example.com; ";
    return await this.#run("attach", this.#week.session, "--command", `set -e; ${setUp}${line}`);
  };

  async #run(...words: string[]): Promise<string> {
    return await this.#week.kodama.succeed(words, { cwd: this.#week.folder });
  }

  readonly up = async (): Promise<void> => void await this.#run("sync", "up");
  readonly stop = async (): Promise<void> => void await this.#run("stop", this.#week.session);
  readonly resume = async (): Promise<void> => void await this.#run("resume", this.#week.session);

  readonly flush = async (): Promise<void> =>
    void await this.#run("sync", "flush", this.#week.session);

  /** Sends a signal to the sync's process. */
  readonly signalSync = async (signal: Deno.Signal): Promise<void> => {
    const reports = JSON.parse(await this.#run("sync", "list", "-o", "json"));
    Deno.kill(reports[0].pid, signal);
  };

  async compare(name: string, survives: readonly string[]): Promise<void> {
    await this.flush();
    const [here, there] = await Promise.all([this.here(list), this.there(list)]);
    assert.equal(there, here, `after ${name}`);
    for (const text of survives) {
      const found = await this.here(
        `find . -name .git -prune -o -type f -size -2 -exec grep -lx -- '${text}' {} + | head -1`,
      );
      assert.notEqual(found, "", `after ${name}: "${text}" is in no file`);
    }
  }
}
