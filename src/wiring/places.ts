/** Where kodama keeps and finds things on this machine. */
import { KodamaError } from "../base/errors.ts";
import type { Places } from "../config/places.ts";

/** The places, from the environment. The working directory is asked when somebody wants it. */
export function localPlaces(environment: (name: string) => string | undefined): Places {
  return {
    configDir: configDir(environment),
    get workingDir() {
      return Deno.cwd();
    },
    shippedWorkflowsDir: pathOf(new URL("../../workflows", import.meta.url)),
  };
}

function configDir(environment: (name: string) => string | undefined): string {
  const chosen = environment("KODAMA_CONFIG_DIR") || undefined;
  if (chosen !== undefined) return chosen.startsWith("/") ? chosen : `${Deno.cwd()}/${chosen}`;
  const home = environment("HOME") || environment("USERPROFILE");
  if (!home) {
    throw new KodamaError("environment", "there is no home folder: HOME isn't set", {
      hint: "set HOME, or KODAMA_CONFIG_DIR to a folder for kodama's own files",
    });
  }
  return `${home}/.kodama`;
}

/** The path of a file URL. */
function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.replace(/^\/([A-Za-z]:)/, "$1") : path;
}
