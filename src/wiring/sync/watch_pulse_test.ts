import assert from "node:assert/strict";
import { leaveRequest, takeRequests } from "./requests.ts";
import { watchPulse } from "./watch_pulse.ts";

Deno.test({
  name: "a watcher that a named pipe holds is noticed, and requests are taken all the same",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "kodama-pulse-" });
    const [folder, project] = [`${parent}/requests`, `${parent}/project`];
    await Deno.mkdir(project);
    const taken = Promise.withResolvers<string>();
    const [silent, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    {
      using _watcher = Deno.watchFs(project);
      using requests = takeRequests(folder, {
        carryOut: (id, request) => Promise.resolve(taken.resolve(`${id} ${request.kind}`)),
        failed: taken.reject,
        gone: () => {},
      });
      const changed = (tells: boolean) => {
        requests.poll(!tells);
        (tells ? again : silent).resolve();
      };
      using _pulse = watchPulse(folder, { everyMs: 50, changed });
      const pipe = `${project}/pipe`;
      const { success } = await new Deno.Command("mkfifo", { args: [pipe] }).output();
      assert.ok(success);
      await silent.promise;
      const id = await leaveRequest(folder, { kind: "flush" });
      assert.equal(await taken.promise, `${id} flush`);
      // Without its name it holds nobody once more when it is closed.
      using _opened = await Deno.open(pipe, { read: true, write: true });
      await Deno.remove(pipe);
      await again.promise;
    }
    await Deno.remove(parent, { recursive: true });
  },
});
