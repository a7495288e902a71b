/** The watcher in the shells of this machine, by a clock that only it moves. */
import assert from "node:assert/strict";
import { imageShells } from "../kube/testing/image_shells.ts";
import { beginning, type Ended, WatcherFixture } from "./testing/idle_fixture.ts";
import { parseWatcherState } from "./idle_watcher.ts";
import type { SessionLimits } from "./limits.ts";

const idle: SessionLimits = { idleSeconds: 120 };
const soon = 600;

/** A case: the events in the environment, and how its watcher ends. */
interface Case {
  name: string;
  limits: SessionLimits;
  prepare?: (fixture: WatcherFixture) => Promise<void> | void;
  check: (ended: Ended, fixture: WatcherFixture) => Promise<void> | void;
}

const stoppedAt = (seconds: number) => ({ code, seconds: at }: Ended) =>
  assert.deepEqual({ code, at }, { code: 0, at: seconds });

const cases: Case[] = [
  {
    name: "without a user: it warns first, and ends",
    limits: idle,
    check(ended) {
      stoppedAt(120)(ended);
      assert.deepEqual(ended.log, [
        "kodama: the session is not in use: it stops in 1m unless it is used",
        "kodama: the session stops now: idle for 2m. Its files remain: resume work to continue",
      ]);
    },
  },
  {
    name: "the time to live is over, whatever runs",
    limits: { ttlSeconds: 200, idleSeconds: 120 },
    async prepare(fixture) {
      await fixture.process({ pid: 50, terminal: 3 });
      await fixture.typed(3, 0);
    },
    check(ended) {
      stoppedAt(200)(ended);
      assert.deepEqual(ended.log, [
        "kodama: the time to live of 3m20s is over in 1m40s: save what is open",
        "kodama: the session stops now: the time to live of 3m20s is over. Its files remain: resume work to continue",
      ]);
    },
  },
  {
    name: "a container that begins again lives no longer for that",
    limits: { ttlSeconds: 3600 },
    async prepare(fixture) {
      await Deno.mkdir(`${fixture.home}/.kodama-life`);
      await Deno.writeTextFile(`${fixture.home}/.kodama-life/began`, `${beginning - 3500}\n`);
    },
    check: stoppedAt(100),
  },
  {
    name: "a terminal holds it, until eight hours after the last key",
    limits: idle,
    async prepare(fixture) {
      await fixture.process({ pid: 50, terminal: 300, name: "a) (b\n5 (c" });
      await fixture.typed(300, 205 - 8 * 3600);
    },
    async check(ended, fixture) {
      stoppedAt(200 + 120)(ended);
      const wanted = /kodama: the session stops now: idle for 2m\. /;
      assert.match(await Deno.readTextFile(`${fixture.terminals}/300`), wanted);
    },
  },
  {
    name: "a command that was sent holds it as long as it runs, and a look doesn't",
    limits: idle,
    prepare(fixture) {
      fixture.processAt(65, { pid: 60 });
      fixture.at(165, "rm -r proc/60");
      // Polls are ten seconds apart: each of these is seen once.
      for (let at = 175; at < soon; at += 10) fixture.processAt(at, { pid: 70, birth: at });
    },
    check: stoppedAt(160 + 120),
  },
  {
    name: "the loop of a sync doesn't hold it, whatever it takes, and a change that it brings does",
    limits: idle,
    async prepare(fixture) {
      const words = ["sh", "-c", "kodama\nloop", "kodama-sync", "kodama-1-2 ", "/workspace", "k"];
      for (let at = 0; at <= 220; at += 10) fixture.processAt(at, { pid: 80, cpu: at * 50, words });
      await fixture.process({ pid: 80, words });
      fixture.at(95, "echo >workspace/.kodama-sync-k/steps");
    },
    // Its last changes get their time: it waits for three seconds.
    check: stoppedAt(100 + 120 + 3),
  },
  {
    name: "an agent's task holds it until it has ended, and one whose runner is gone doesn't",
    limits: idle,
    async prepare(fixture) {
      const tasks = `${fixture.home}/.kodama/tasks`;
      for (const [number, claim] of [[3, "91 8 boot 3"], [12, "90 7 boot 3"]]) {
        await Deno.mkdir(`${tasks}/${number}`);
        await Deno.writeTextFile(`${tasks}/${number}/claim`, `${claim}\n`);
      }
      await fixture.process({ pid: 90, parent: 1, birth: 7 });
      await fixture.process({ pid: 91, parent: 1, birth: 9 });
      fixture.at(205, "echo '0 1 ended' >home/.kodama/tasks/12/exit");
    },
    check: stoppedAt(200 + 120),
  },
  {
    name: "working programs count as use, idle ones don't",
    limits: idle,
    prepare(fixture) {
      // A fifth of a CPU, then a twentieth.
      for (let at = 0; at < soon; at += 10) {
        const cpu = at < 200 ? at * 20 : 200 * 20 + (at - 200) * 5;
        fixture.processAt(at, { pid: 95, parent: 1, cpu });
      }
    },
    check({ code, seconds }) {
      assert.equal(code, 0);
      assert.ok(seconds >= 200 + 120 - 30 && seconds <= 200 + 120 + 30, `${seconds}`);
    },
  },
  {
    name: "a request for more time is granted once",
    limits: idle,
    prepare: (fixture) => fixture.at(95, ": >home/.kodama-life/keep"),
    check(ended) {
      stoppedAt(100 + 120)(ended);
      assert.equal(ended.log.length, 3, "it is announced again when it is near again");
    },
  },
  {
    name:
      "an agent has its interrupt when the time to live is over, and what it writes then is kept",
    limits: { ttlSeconds: 100 },
    async prepare(fixture) {
      const task = `${fixture.home}/.kodama/tasks/1`;
      await Deno.mkdir(task);
      await Deno.writeTextFile(`${task}/claim`, "90 7 boot 3\n");
      await Deno.writeTextFile(`${task}/began`, "1\n");
      await fixture.process({ pid: 90, parent: 1, birth: 7 });
      fixture.at(102, `[ -e ${task}/interrupt ] && echo '143 1 interrupted' >${task}/exit`);
    },
    check: stoppedAt(102),
  },
  {
    name: "a task that waits for its turn waits on, for the next pod",
    limits: { ttlSeconds: 100 },
    async prepare(fixture) {
      const task = `${fixture.home}/.kodama/tasks/2`;
      const runner = fixture.runs("sleep", ["1000"]);
      await Deno.mkdir(task);
      await Deno.writeTextFile(`${task}/claim`, `${runner.pid} 7 boot 3\n`);
      await fixture.process({ pid: runner.pid, parent: 1, birth: 7 });
    },
    async check(ended, fixture) {
      stoppedAt(100)(ended);
      const names = [...Deno.readDirSync(`${fixture.home}/.kodama/tasks/2`)].map(({ name }) =>
        name
      );
      assert.deepEqual(names, ["claim"]);
      assert.deepEqual(await fixture.ended(), ["SIGTERM"]);
    },
  },
];

Deno.test("the watcher of a session with limits, in every shell", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  for (const shell of await imageShells(folder)) {
    for (const { name, limits, prepare, check } of cases) {
      await t.step(`${shell.name}: ${name}`, async () => {
        await using fixture = await WatcherFixture.open();
        await prepare?.(fixture);
        await check(await fixture.run(shell, limits, soon), fixture);
      });
    }
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a watcher's files are read as they are written, and nothing else is", () => {
  assert.deepEqual(parseWatcherState("130\n100\n120 task 2 of its agent\n"), {
    now: 130,
    startedAt: 100,
    usedAt: 120,
    use: "task 2 of its agent",
  });
  assert.deepEqual(parseWatcherState("130\n100\n100\n")?.use, "");
  assert.equal(parseWatcherState("130\n100\n120 \x1b]0;owned\x07x\n")?.use, "x");
  for (
    const wrong of ["", "130\n100\n", "130\n100\nsoon\n", "130\n100\n120 a\nb\n", "x".repeat(9999)]
  ) {
    assert.equal(parseWatcherState(wrong), undefined);
  }
});
