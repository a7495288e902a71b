import assert from "node:assert/strict";
import { receiveRequests, sendRequest, withAnswer } from "./requests.ts";

Deno.test("`receiveRequests()` takes each request by its id, and reports a removed folder", async () => {
  const parent = await Deno.makeTempDir({ prefix: "kodama-requests-" });
  const folder = `${parent}/requests`;
  const taken = Promise.withResolvers<string>();
  const removed = Promise.withResolvers<void>();
  {
    using _receiving = receiveRequests<unknown>(folder, {
      parse: (value) => value,
      carryOut: (id, request) => Promise.resolve(taken.resolve(`${id} ${JSON.stringify(request)}`)),
      failed: taken.reject,
      folderRemoved: removed.resolve,
    });
    const id = await sendRequest(folder, { kind: "flush" });
    assert.equal(await taken.promise, `${id} {"kind":"flush"}`);
    await Deno.remove(parent, { recursive: true });
    await removed.promise;
  }
});

Deno.test("`withAnswer()` retains the last answers, and the reasons of those alone", () => {
  let answers = withAnswer({ answered: [], undone: {} }, "0", "a conflict");
  assert.deepEqual(answers, { answered: ["0"], undone: { "0": "a conflict" } });
  for (let id = 1; id <= 50; id++) answers = withAnswer(answers, String(id), undefined);
  assert.deepEqual([answers.answered.length, answers.answered[0]], [50, "1"]);
  assert.deepEqual(answers.undone, {});
});
