/** Forwards in the background on this machine. */
import { systemClock } from "../base/clock.ts";
import { serveForwardCommand } from "../cli/program.ts";
import type { Places } from "../config/paths.ts";
import { type ForwardControl, forwardControl } from "../forward/daemon.ts";
import { absolutePaths, ownCommand } from "./machine.ts";

/** Returns control of the forwards of this user. */
export function machineForwards(
  { configDir, workingDir }: Places,
  environment: (name: string) => string | undefined,
): ForwardControl {
  const files = environment("KUBECONFIG");
  return forwardControl({
    configDir,
    clock: systemClock,
    command: (name) => [
      ...ownCommand({ launcher: environment("KODAMA_LAUNCHER"), writes: [configDir] }),
      serveForwardCommand,
      name,
    ],
    environment: {
      KODAMA_CONFIG_DIR: configDir,
      // It runs in another folder than this one, where other files have these names.
      ...(files === undefined ? {} : { KUBECONFIG: absolutePaths(files, workingDir) }),
    },
  });
}
