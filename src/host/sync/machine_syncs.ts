/** This machine's synchronisations, and the command that starts the process of one. */
import { absolutePath } from "../../base/absolute_path.ts";
import type { SyncControl } from "../../actions/sync_control.ts";
import { serveSyncWord } from "../../cli/hidden_words.ts";
import type { Places } from "../../config/paths.ts";
import { ownCommand } from "../own_command.ts";
import { syncControl } from "./sync_control.ts";

/** Returns control of the syncs of this user. */
export function machineSyncs(
  { configDir, workingDir }: Places,
  { kubeconfig, environment }: {
    kubeconfig: string | undefined;
    environment: (name: string) => string | undefined;
  },
): SyncControl {
  const named = kubeconfig ?? environment("KUBECONFIG");
  return syncControl({
    configDir,
    command: (key, { local }) => [
      ...ownCommand({ launcher: environment("KODAMA_LAUNCHER"), writes: [configDir, local] }),
      serveSyncWord,
      key,
    ],
    environment: {
      KODAMA_CONFIG_DIR: configDir,
      // glibc retains the memory of a first transfer by default: it would be held for days.
      MALLOC_ARENA_MAX: "2",
      MALLOC_TRIM_THRESHOLD_: "131072",
      // It runs in another folder than this one, where other files have these names.
      ...(named === undefined ? {} : { KUBECONFIG: absolutePaths(named, workingDir) }),
    },
  });
}

/** Returns a list of files in kubectl's format, each of them absolute. */
function absolutePaths(list: string, folder: string): string {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  return list.split(separator)
    .map((path) => path === "" ? path : absolutePath(path, folder))
    .join(separator);
}
