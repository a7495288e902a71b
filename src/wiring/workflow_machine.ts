/** What only workflows with steps ask of this machine, made when one of them runs. */
import type { Host } from "../actions/host.ts";
import { localScriptRunner } from "../sandbox/local_runner.ts";
import type { LocalWorld } from "../workflow/engine/world.ts";
import type { RunScript } from "../workflow/model.ts";
import { localWorld } from "./local_world.ts";

/** This machine, and its sandbox. */
export function workflowMachine(host: Host): { local: LocalWorld; runScript: RunScript } {
  const { clock, files, machine, places: { configDir } } = host;
  return {
    local: localWorld({
      clock,
      env: host.env,
      kube: host.kube,
      configDir,
      create: (path) => files.create(path, { private: false, replace: true }),
      readText: files.readText,
    }),
    runScript: localScriptRunner({ clock, configDir, findProgram: machine.findProgram }),
  };
}
