/**
 * Pastes by mistake in a real terminal, into every screen that reads keys: none is a key, none answers a question, and
 * the server gets no request that changes anything. `src/terminal/key_reader_test.ts` has the pieces and pauses.
 */
import assert from "node:assert/strict";
import { unless } from "../../src/base/testing/unless.ts";
import { filePath } from "../../src/files/file_path.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import {
  podTerminalsMissing,
  PseudoTerminal,
  terminalMissing,
} from "../harness/pseudo_terminal.ts";
import { SourceKodama } from "../harness/source_kodama.ts";

/** Keys that delete, run, answer and quit, if they were keys. */
const keys = "c\ny\nD\ny\nx touch /tmp/pasted\n:q\nQ\n";
const sizes = [1, 90, 4_000, 4_100, 9_000, 300_000];
const pasteOf = (size: number) => keys.repeat(Math.ceil(size / keys.length)).slice(0, size);

interface Screen {
  args: readonly string[];
  /** Keys that lead to the screen, each with what is seen then. */
  before: readonly (readonly [keys: string, seen: RegExp])[];
  /** What is seen all the time. */
  seen: RegExp;
}

/** The list, and no line that is typed. */
const list = /^(?![^]*filter:)[^]*━ pods[^]*db-0 /;
const screens: Readonly<Record<string, Screen>> = {
  "the picker": {
    args: ["exec", "--pick", "--", "touch", "/tmp/pasted"],
    before: [],
    seen: /\d+\/5/,
  },
  "a list of the UI": { args: ["ui"], before: [["", list]], seen: list },
  "a filter of the UI": {
    args: ["ui"],
    before: [["", list], ["/", /filter:/]],
    seen: /filter:/,
  },
  "a command of the UI": {
    args: ["ui"],
    before: [["", list], ["/", /filter:/], ["db-0", / 1 of \d+ ━/], ["Enter", list], [
      "x",
      /run in db-0/,
    ]],
    seen: /run in db-0/,
  },
  "a question of the UI": {
    args: ["ui"],
    before: [["", list], ["/", /filter:/], ["db-0", / 1 of \d+ ━/], ["Enter", list], [
      "D",
      /deletes +pod\/db-0/,
    ]],
    seen: /deletes +pod\/db-0/,
  },
  "the help of the UI": {
    args: ["ui"],
    before: [["", list], ["?", /show the logs of the marked pods/]],
    seen: /show the logs of the marked pods/,
  },
  "a live table": {
    args: ["watch", "pods"],
    before: [["", /db-0 /]],
    seen: /db-0 /,
  },
  "a live table of usage": {
    args: ["top", "-w"],
    before: [["", /db-0 /]],
    seen: /db-0 /,
  },
};

const missing = await terminalMissing();

Deno.test({
  ...unless(missing, "50 pastes into screens that read keys: none is a key"),
  fn: async (t) => {
    const changes: string[] = [];
    await using cluster = await startTestCluster(
      filePath(new URL("../fixtures/mistakes.yaml", import.meta.url)),
      {
        audit: ({ verb, requestURI, userAgent }) => {
          const isRead = ["get", "list", "watch"].includes(verb);
          if (userAgent.startsWith("kodama") && !isRead) changes.push(`${verb} ${requestURI}`);
        },
      },
    );
    const kodama = await SourceKodama.on(cluster);
    for (const [name, { args, before, seen }] of Object.entries(screens)) {
      await t.step(name, async () => {
        changes.length = 0;
        await using terminal = await PseudoTerminal.open(kodama.args(args), {
          env: kodama.env,
          columns: 100,
          rows: 30,
        });
        for (const [typed, shown] of before) {
          if (typed === "Enter") await terminal.press(typed);
          else if (typed !== "") await terminal.type(typed);
          await terminal.shows(`${shown}`, shown);
        }
        await terminal.shows(`${seen}`, seen);
        for (const size of sizes) {
          await terminal.paste(pasteOf(size), { marked: true });
          await terminal.shows(`${seen} after ${size} characters`, seen);
        }
        // The program has read all pastes before it ends. Ctrl-C that comes with the end of a paste may be left out.
        while (!terminal.hasEnded) {
          await terminal.press("C-c");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.deepEqual(changes, []);
      });
    }

    await t.step({
      ...unless(await podTerminalsMissing(), "a program in a pane gets each byte"),
      fn: async () => {
        await using terminal = await PseudoTerminal.open(kodama.args(["ui"]), { env: kodama.env });
        await terminal.shows("the pods", list);
        await terminal.type("/");
        await terminal.shows("a filter", /filter:/);
        await terminal.enter("db-0");
        await terminal.shows("the pod", list);
        await terminal.type("s");
        await terminal.shows("the prompt", /━ shell in db-0[^]*[$#](?: |$)/m);
        for (const size of [5_200, 100_000]) {
          const text = "y:q Dé木 ".repeat(size).slice(0, size);
          const bytes = new TextEncoder().encode(text).length;
          await terminal.type(
            `stty raw -echo; echo go; head -c ${bytes} >/tmp/g; stty sane; clear`,
          );
          await terminal.press("Enter");
          await terminal.shows("the program that reads", /^go/m);
          await terminal.paste(text, { marked: true });
          await terminal.shows("its end", (screen) => !/^go/m.test(screen));
          assert.equal(await kodama.succeed(["exec", "db-0", "--", "cat", "/tmp/g"]), text);
        }
        await terminal.press("M-x");
        await terminal.shows("the question", /Close the pane\?/);
        await terminal.press("y");
        await terminal.shows("the list alone", (screen) => !/shell in db-0/.test(screen));
        await terminal.press("Q");
        await terminal.exitCode();
      },
    });
  },
});
