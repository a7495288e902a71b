/** The paths that kodama uses. All are absolute; nothing here accesses a file. */
import { KodamaError } from "../base/errors.ts";

/** The folders from which all other paths are derived. */
export interface Places {
  /**
   * `$KODAMA_CONFIG_DIR`, `~/.kodama` by default, for persistent data.
   *
   * @throws KodamaError `environment` if neither that nor `HOME` is set.
   */
  readonly configDir: string;
  /** The same for reading what may exist there; undefined if there is no such folder. */
  readonly userDir: string | undefined;
  /** The working directory. */
  readonly workingDir: string;
  /** The workflows that come with kodama. */
  readonly shippedWorkflowsDir: string;
}

/** Returns the paths of this user. Without a home folder nothing can be stored, and everything else still works. */
export function placesOf(surroundings: {
  env: (name: string) => string | undefined;
  workingDir: string;
  shippedWorkflowsDir: string;
}): Places {
  const { env, workingDir, shippedWorkflowsDir } = surroundings;
  const userDir = userDirOf(env, workingDir);
  return {
    get configDir() {
      if (userDir !== undefined) return userDir;
      throw new KodamaError("environment", "there is no home folder: HOME is not set", {
        hint: "set KODAMA_CONFIG_DIR to the folder for kodama's own files",
      });
    },
    userDir,
    workingDir,
    shippedWorkflowsDir,
  };
}

function userDirOf(
  env: (name: string) => string | undefined,
  workingDir: string,
): string | undefined {
  // An empty variable counts as unset, as in the XDG specification and kubectl.
  const named = env("KODAMA_CONFIG_DIR") || undefined;
  if (named !== undefined) return isAbsolute(named) ? named : `${workingDir}/${named}`;
  const home = env("HOME") || env("USERPROFILE") || undefined;
  return home === undefined ? undefined : `${home}/.kodama`;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** kodama's own folders, which no step of a workflow may write to. */
export function ownFolders({ userDir }: Pick<Places, "userDir">): string[] {
  return userDir === undefined ? [] : [userDir];
}

/** The user's settings. */
export function userConfigPath(places: Places): string {
  return `${places.configDir}/config.yaml`;
}

/** The records of past runs. */
export function runsFolder(places: Places): string {
  return `${places.configDir}/runs`;
}

/** Returns the paths of a repository's settings, the innermost folder first. */
export function repositoryConfigPaths(places: Places): string[] {
  const parts = places.workingDir.split("/").filter((part) => part !== "");
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`), ""]
    .map((folder) => `${folder}/.kodama.yaml`);
}

/** Returns the paths of session templates, the nearest folder first. */
export function templateFolders(places: Places): string[] {
  const inRepository = repositoryConfigPaths(places)
    .map((path) => path.replace(/\.kodama\.yaml$/, ".kodama/templates"));
  const own = places.userDir === undefined ? [] : [`${places.userDir}/templates`];
  return [...new Set([...inRepository, ...own])];
}

/** A folder with configuration of editors, and the folder that links in it must not leave. */
interface EditorConfigFolder {
  folder: string;
  /** The repository; undefined for the user's own folder, whose files are often links to dotfiles. */
  within: string | undefined;
}

/** Returns the paths of a repository's configuration of editors, the innermost folder first. */
export function editorConfigFolders(places: Places): EditorConfigFolder[] {
  return repositoryConfigPaths(places).map((path) => {
    const repository = path.slice(0, -"/.kodama.yaml".length);
    const isUsers = `${repository}/.kodama` === places.userDir;
    return {
      folder: `${repository}/.kodama/configs`,
      within: isUsers ? undefined : repository || "/",
    };
  });
}
