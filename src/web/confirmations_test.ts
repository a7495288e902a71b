import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { WebQuestion } from "./api.ts";
import { Confirmations, UnconfirmedQuestion } from "./confirmations.ts";

const question: WebQuestion = { kind: "stop", text: "2 commits aren't pushed" };

Deno.test("a confirmation ends after ten minutes", async () => {
  const clock = new ManualClock();
  const all = new Confirmations(clock);
  const asked = async (token?: string): Promise<string> => {
    const answer = await all.of(["browser"], token).ask(question).catch((error) => error);
    if (answer instanceof UnconfirmedQuestion) return answer.confirm;
    assert.equal(answer, true);
    return "confirmed";
  };
  const first = await asked();
  clock.advance(600_000 - 1);
  assert.equal(await asked(first), "confirmed");
  assert.notEqual(await asked(first), "confirmed");
  const second = await asked();
  clock.advance(600_000);
  assert.notEqual(await asked(second), "confirmed");
});

Deno.test("the oldest question ends if more than 256 of them wait", async () => {
  const all = new Confirmations(new ManualClock());
  const ask = (token?: string) => all.of(["browser"], token).ask(question).catch((error) => error);
  const tokens: string[] = [];
  for (let number = 0; number <= 256; number++) tokens.push((await ask()).confirm);
  assert.equal(await ask(tokens[1]), true);
  assert.notEqual(await ask(tokens[0]), true);
});
