import assert from "node:assert/strict";
import { leaveRequest, takeRequests } from "./requests.ts";

Deno.test("a request is taken by its name, and a folder that is taken away is told", async () => {
  const parent = await Deno.makeTempDir({ prefix: "kodama-requests-" });
  const folder = `${parent}/requests`;
  const taken = Promise.withResolvers<string>();
  const gone = Promise.withResolvers<void>();
  {
    using _taking = takeRequests(folder, {
      carryOut: (id, request) => Promise.resolve(taken.resolve(`${id} ${request.kind}`)),
      failed: taken.reject,
      gone: gone.resolve,
    });
    const id = await leaveRequest(folder, { kind: "flush" });
    assert.equal(await taken.promise, `${id} flush`);
    await Deno.remove(parent, { recursive: true });
    await gone.promise;
  }
});
