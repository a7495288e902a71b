import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { WebQuestion } from "./api.ts";
import { Confirmations, UnconfirmedQuestion } from "./confirmations.ts";

const question: WebQuestion = { kind: "stop", text: "2 commits aren't pushed" };

Deno.test("a confirmation ends after ten minutes", async () => {
  const clock = new ManualClock();
  const all = new Confirmations(clock);
  const asked = async (token?: string): Promise<string> => {
    const error = await all.of(["browser"], token).ask(question).then(() => undefined, (e) => e);
    return error instanceof UnconfirmedQuestion ? error.confirm : "confirmed";
  };
  const first = await asked();
  clock.advance(600_000 - 1);
  assert.equal(await asked(first), "confirmed");
  const second = await asked();
  clock.advance(600_000);
  assert.notEqual(await asked(second), "confirmed");
});
