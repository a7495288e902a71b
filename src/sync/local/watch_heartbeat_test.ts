import assert from "node:assert/strict";
import { watchPulse } from "./watch_heartbeat.ts";

Deno.test({
  name: "a watcher that a named pipe holds is noticed, and so is its release",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "kodama-pulse-" });
    const [folder, project] = [`${parent}/own`, `${parent}/project`];
    await Promise.all([folder, project].map((one) => Deno.mkdir(one)));
    const [silent, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    {
      using _watcher = Deno.watchFs(project);
      const changed = (tells: boolean) => (tells ? again : silent).resolve();
      using _pulse = watchPulse(folder, { everyMs: 50, changed });
      const pipe = `${project}/pipe`;
      const { success } = await new Deno.Command("mkfifo", { args: [pipe] }).output();
      assert.ok(success);
      await silent.promise;
      // Without its name it blocks no one again when it is closed.
      using _opened = await Deno.open(pipe, { read: true, write: true });
      await Deno.remove(pipe);
      await again.promise;
    }
    await Deno.remove(parent, { recursive: true });
  },
});
