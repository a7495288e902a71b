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
  /** The same for reading existing files; undefined if there is no such folder. */
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
  if (named !== undefined) {
    return named.startsWith("/") || /^[A-Za-z]:[\\/]/.test(named)
      ? named
      : `${workingDir}/${named}`;
  }
  const home = env("HOME") || env("USERPROFILE") || undefined;
  return home === undefined ? undefined : `${home}/.kodama`;
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

/** Returns the working directory and the folders above it, the innermost first; the root as an empty text. */
export function foldersUpwards({ workingDir }: Pick<Places, "workingDir">): string[] {
  const parts = workingDir.split("/").filter((part) => part !== "");
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`), ""];
}

/** Returns the path of the settings in a folder of a repository. */
export function repositoryConfigPath(folder: string): string {
  return `${folder}/.kodama.yaml`;
}

/** A folder with templates of sessions. */
interface TemplateFolder {
  folder: string;
  /** The file is in a repository, and not the user's own. */
  inRepository: boolean;
}

/** Returns the folders of session templates, the nearest first. */
export function templateFolders({ userDir }: Places, folders: readonly string[]): TemplateFolder[] {
  const own = userDir === undefined ? undefined : `${userDir}/templates`;
  const inRepository = folders.map((folder) => `${folder}/.kodama/templates`)
    .filter((folder) => folder !== own);
  return [
    ...inRepository.map((folder) => ({ folder, inRepository: true })),
    ...(own === undefined ? [] : [{ folder: own, inRepository: false }]),
  ];
}

/** A folder with configuration of editors, and the folder that links in it must not leave. */
interface EditorConfigFolder {
  folder: string;
  /** The repository; undefined for the user's own folder, whose files are often links to dotfiles. */
  within: string | undefined;
}

/** Returns the paths of a repository's configuration of editors, the innermost folder first. */
export function editorConfigFolders(
  places: Places,
  folders: readonly string[],
): EditorConfigFolder[] {
  return folders.map((repository) => {
    const isUsers = `${repository}/.kodama` === places.userDir;
    return {
      folder: `${repository}/.kodama/configs`,
      within: isUsers ? undefined : repository || "/",
    };
  });
}
