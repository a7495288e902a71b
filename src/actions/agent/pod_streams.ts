/** The environment of the agent module: this process's access to pods. */
import { action, hint } from "../../base/hint.ts";
import type { PodStreamOpener } from "../../agent/pod_script.ts";
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { Outages } from "../../exec/outages.ts";
import { chosenSettings } from "../exec/settings.ts";
import type { Host } from "../host.ts";

/** Streams are opened like those of a run: a server that is down is retried. */
export async function podStreams(host: Host): Promise<PodStreamOpener & { clock: Clock }> {
  const { connectTimeoutMs } = await chosenSettings(host, {});
  const outages = new Outages(host.clock, connectTimeoutMs);
  return {
    clock: host.clock,
    async open({ context, pod }, request, signal) {
      const client = await host.kube(context);
      using deadline = new Deadline(host.clock, connectTimeoutMs, signal);
      try {
        const ask = () => client.exec(request, { signal: deadline.signal });
        return await outages.retry(context, ask, deadline.signal);
      } catch (error) {
        if (!deadline.expired || error instanceof KodamaError) throw error;
        const seconds = Math.round(connectTimeoutMs / 1000);
        throw new KodamaError("timeout", `no stream to ${pod} was open within ${seconds}s`, {
          hint: hint`is the node there? \`${
            action("config.set", { key: "exec.connectTimeout", value: "1m" })
          }\` waits longer`,
        });
      }
    },
  };
}
