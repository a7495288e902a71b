/** The picker's search beside the real fzf: the same lines fit the same queries. */
import { noneOf, unless } from "../src/base/testing/unless.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { rank, searchText } from "../src/pick/match.ts";
import { parseQuery } from "../src/pick/query.ts";
import { runCommand } from "./harness/command.ts";

const env = { PATH: Deno.env.get("PATH") ?? "", LC_ALL: "C.UTF-8" };

/** Short names of few letters: every term has a fair chance to fit and not to. */
const names = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom(..."abA-1".split("")), minLength: 1, maxLength: 6 }),
  { minLength: 20, maxLength: 60 },
);
const term = fc.tuple(
  fc.constantFrom("", "'", "^", "!", "!^", "!'"),
  fc.string({ unit: fc.constantFrom(..."abA1".split("")), minLength: 0, maxLength: 3 }),
  fc.constantFrom("", "", "$"),
).map((parts) => parts.join(""));
const query = fc.array(
  fc.oneof({ weight: 4, arbitrary: term }, { weight: 1, arbitrary: fc.constant("|") }),
  { minLength: 1, maxLength: 5 },
).map((words) => words.join(" "));

Deno.test({
  ...unless(
    noneOf({ fzf: await findProgram("fzf") }),
    "property: what fits is what fzf --filter lets through",
  ),
  fn: async () => {
    await fc.assert(
      fc.asyncProperty(names, query, async (lines, words) => {
        // An empty filter is fzf's own affair: it shows everything.
        fc.pre(words.trim() !== "");
        const { stdout } = await runCommand(["fzf", "--filter", words], {
          env,
          stdin: lines.map((one) => `${one}\n`).join(""),
        });
        const theirs = stdout.split("\n").filter((one) => one !== "").toSorted();
        const parsed = parseQuery(words);
        const ours = lines.filter((one) => rank(parsed, searchText(one)) !== undefined).toSorted();
        assert.deepEqual(ours, theirs, JSON.stringify(words));
      }),
      { numRuns: 150 },
    );
  },
});
