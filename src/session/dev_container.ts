/**
 * The parts of a project's `devcontainer.json` that a session uses, and the parts that it can't. Pure.
 * https://containers.dev/implementors/json_reference/
 */
import * as jsonc from "jsonc-parser";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { FileError } from "../base/yaml/source.ts";
import { plainText } from "../base/plain_text.ts";
import { isProtectedVariable } from "./environment.ts";
import type { SessionSetup, SetupStep } from "./model.ts";
import { workspaceFolder } from "./names.ts";

/** The file, and the values of its variables. */
export interface DevContainerFile {
  /** In the project. */
  path: string;
  text: string;
  /** The name of the project's folder. */
  folderName: string;
  /** Variables that the user sends to the session: the only values of `${localEnv:NAME}`. */
  localVariables: ReadonlyMap<string, string>;
}

/** Why a property has no effect, or only a part of it. */
export type UnsupportedReason =
  /** The property would run on, or use, the user's machine. */
  | "usersMachine"
  /** A session's pod has no privileges. */
  | "privileges"
  /** Features are installed as root, into an image. */
  | "feature"
  /** Sessions have volumes of their own. */
  | "volumes"
  /** The workspace always has the same path. */
  | "workspaceFolder"
  /** A session's user always has the id 1000. */
  | "user"
  /** The value depends on the image's own variables, which are known only in the pod. */
  | "imageVariables"
  /** The system, the cluster or kodama sets this variable. */
  | "protectedVariable"
  /** The value needs a variable of the user's machine that isn't sent. */
  | "localVariable"
  /** Another image was chosen. */
  | "otherImage"
  /** Ports of other hosts, and how an editor shows ports. */
  | "ports"
  | "gpu"
  /** Its value has another form than the specification's. */
  | "form"
  /** Sessions have nothing like it. */
  | "unknown";

/** A property that has no effect, or only a part of it. */
export interface UnsupportedProperty {
  /** As in the file: `features.ghcr.io/devcontainers/features/go:1`. */
  property: string;
  reason: UnsupportedReason;
}

/** A `devcontainer.json`, as a session uses it. */
export interface DevContainer {
  image?: string;
  /** The property by which its image is built, if it has none. */
  builds?: string;
  /** Quantities, at least these. */
  resources: { cpu?: string; memory?: string; workspace?: string };
  setup: SessionSetup;
  /** Variables with values of the user's own: for the session's Secret alone. */
  secretVariables: ReadonlyMap<string, string>;
  /** The properties that have their effect, in the order of the file. */
  honoured: readonly string[];
  unsupported: readonly UnsupportedProperty[];
}

/** The commands in the order in which they run, after the features. */
const createCommands = ["onCreateCommand", "updateContentCommand", "postCreateCommand"] as const;

/** Properties without an effect on a session that someone could miss. */
const silent = new Set(["name", "$schema", "service", "runServices", "waitFor"]);

const unsupportedReasons: Readonly<Record<string, UnsupportedReason>> = {
  initializeCommand: "usersMachine",
  workspaceMount: "usersMachine",
  workspaceFolder: "workspaceFolder",
  mounts: "volumes",
  runArgs: "privileges",
  privileged: "privileges",
  capAdd: "privileges",
  securityOpt: "privileges",
  portsAttributes: "ports",
  otherPortsAttributes: "ports",
};

/**
 * Returns the parts of the file that a session uses.
 *
 * @throws FileError with the position if it isn't JSON with comments, or isn't a mapping.
 */
export function readDevContainer(file: DevContainerFile): DevContainer {
  return new Reading(file).result();
}

class Reading {
  readonly #honoured: string[] = [];
  readonly #unsupported: UnsupportedProperty[] = [];
  readonly #variables: Record<string, string> = {};
  readonly #secretVariables = new Map<string, string>();
  readonly #steps: SetupStep[] = [];
  readonly #ports: number[] = [];

  constructor(private readonly file: DevContainerFile) {}

  result(): DevContainer {
    const root = parsed(this.file);
    const { image: imageText, hostRequirements } = root;
    const image = typeof imageText === "string" && imageText !== ""
      ? this.#fixedText("image", imageText)
      : undefined;
    const builds = ["build", "dockerFile", "dockerComposeFile"].find((one) => one in root);
    this.#features(root.features);
    for (const name of createCommands) this.#command(name, root[name], { mayFail: false });
    this.#command("postStartCommand", root.postStartCommand, { mayFail: true });
    this.#environment("containerEnv", root.containerEnv);
    this.#environment("remoteEnv", root.remoteEnv);
    this.#forwarded("forwardPorts", root.forwardPorts);
    this.#forwarded("appPort", root.appPort);
    const user = root.remoteUser ?? root.containerUser;
    const customizations = customizationsOf(root);
    const resources = this.#resources(hostRequirements);
    for (const [name, value] of Object.entries(root)) this.#other(name, value);
    const { path } = this.file;
    return {
      ...definedOnly({ image }),
      ...(builds === undefined || image !== undefined ? {} : { builds }),
      resources,
      setup: {
        path,
        variables: this.#variables,
        steps: this.#steps,
        ports: [...new Set(this.#ports)],
        ...(typeof user === "string" ? { user: plainText(user, 64) } : {}),
        ...definedOnly({ customizations }),
      },
      secretVariables: this.#secretVariables,
      honoured: this.#honoured.toSorted((a, b) =>
        Object.keys(root).indexOf(a) - Object.keys(root).indexOf(b)
      ),
      unsupported: this.#unsupported,
    };
  }

  /** The properties that have no method of their own. */
  #other(name: string, value: unknown): void {
    switch (name) {
      case "image":
      case "remoteUser":
      case "customizations":
      case "extensions":
      case "settings":
        this.#honour(name);
        return;
      case "overrideCommand":
      case "init":
      case "updateRemoteUserUID":
        // A session does it anyway.
        if ((name === "init") === (value === true)) this.#cannot(name, "unknown");
        return;
      case "containerUser":
        this.#honour(name);
        return;
      // Reported by the method, or by the caller, which knows whether another image was chosen.
      case "build":
      case "dockerFile":
      case "context":
      case "dockerComposeFile":
      case "features":
      case "containerEnv":
      case "remoteEnv":
      case "forwardPorts":
      case "appPort":
      case "hostRequirements":
      case "postStartCommand":
        return;
    }
    if (silent.has(name) || createCommands.some((one) => one === name)) return;
    this.#cannot(name, unsupportedReasons[name] ?? "unknown");
  }

  /** A folder of the project with an `install.sh` runs as the session's user; others need root and a registry. */
  #features(features: unknown): void {
    if (!isRecord(features)) return;
    for (const [id, options] of Object.entries(features)) {
      const folder = /^\.\/((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)\/?$/.exec(id)?.[1];
      if (folder === undefined) {
        this.#cannot(`features.${id}`, "feature");
        continue;
      }
      const own = this.file.path.replace(/[^/]*$/, "");
      const script = `${workspaceFolder}/${own}${folder}/install.sh`;
      const argv = ["env", ...featureOptions(options), "sh", "-c", 'cd "${1%/*}" && sh "$1"'];
      this.#steps.push({
        property: `features.${id}`,
        mayFail: true,
        commands: [{ argv: [...argv, "sh", script] }],
      });
      this.#honour("features");
    }
  }

  #command(property: string, value: unknown, { mayFail }: { mayFail: boolean }): void {
    if (value === undefined || value === null || value === "") return;
    const commands = isRecord(value)
      ? Object.entries(value).map(([name, one]) => this.#argv(property, one, name))
      : [this.#argv(property, value)];
    const known = commands.filter((one) => one !== undefined);
    if (known.length < commands.length) this.#cannot(property, "form");
    if (known.length === 0) return;
    this.#steps.push({ property, mayFail, commands: known });
    this.#honour(property);
  }

  #argv(property: string, value: unknown, name?: string) {
    const words = typeof value === "string"
      ? ["/bin/sh", "-c", this.#fixedText(property, value)]
      : Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")
      ? value.map((one) => this.#fixedText(property, one))
      : undefined;
    if (words === undefined) return undefined;
    return { argv: words, ...(name === undefined ? {} : { name: plainText(name, 100) }) };
  }

  /** The container's own variables can't be computed from the image's; other values are set for every process. */
  #environment(property: string, value: unknown): void {
    if (!isRecord(value)) return;
    for (const [name, text] of Object.entries(value)) {
      if (text === null) continue;
      const own = `${property}.${plainText(name, 100)}`;
      const resolved = this.#substitute(String(text));
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) this.#cannot(own, "form");
      else if (isProtectedVariable(name)) {
        this.#cannot(own, resolved.imageVariables ? "imageVariables" : "protectedVariable");
      } else if (resolved.imageVariables) this.#cannot(own, "imageVariables");
      else {
        if (resolved.missing) this.#cannot(own, "localVariable");
        else this.#honour(property);
        // A value of the user's is stored where only secrets are.
        if (resolved.local) this.#secretVariables.set(name, resolved.text);
        else this.#variables[name] = resolved.text;
      }
    }
  }

  #forwarded(property: string, value: unknown): void {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      const port = /^\d{1,5}$/.test(String(one)) ? Number(one) : 0;
      if (port >= 1 && port <= 65_535) {
        this.#ports.push(port);
        this.#honour(property);
      } else this.#cannot(`${property}.${plainText(String(one), 60)}`, "ports");
    }
  }

  #resources(required: unknown): DevContainer["resources"] {
    if (!isRecord(required)) return {};
    const { cpus, memory, storage, gpu } = required;
    if (gpu !== undefined && gpu !== false && gpu !== "optional") {
      this.#cannot("hostRequirements.gpu", "gpu");
    }
    const amount = (value: unknown) => {
      const [, count, unit = ""] = /^(\d{1,6})([tgmk])b$/i.exec(String(value)) ?? [];
      return count && `${count}${unit.toLowerCase() === "k" ? "k" : unit.toUpperCase()}`;
    };
    const resources = {
      ...(typeof cpus === "number" && cpus > 0 ? { cpu: String(cpus) } : {}),
      ...withAmount("memory", amount(memory)),
      ...withAmount("workspace", amount(storage)),
    };
    if (Object.keys(resources).length > 0) this.#honour("hostRequirements");
    return resources;
  }

  /** A text that is stored in the session: values of the user's machine don't get into it. */
  #fixedText(property: string, text: string): string {
    const resolved = this.#substitute(text, new Map());
    if (resolved.missing) this.#cannot(property, "localVariable");
    return resolved.text;
  }

  #substitute(text: string, localVariables = this.file.localVariables) {
    const found = { missing: false, local: false, imageVariables: false };
    const resolved = text.replace(
      /\$\{(\w+)(?::([^:}]*)(?::([^}]*))?)?\}/g,
      (whole, kind: string, name = "", fallback?: string) => {
        switch (kind) {
          case "containerWorkspaceFolder":
          case "localWorkspaceFolder":
            return workspaceFolder;
          case "containerWorkspaceFolderBasename":
            return workspaceFolder.slice(1);
          case "localWorkspaceFolderBasename":
            return this.file.folderName;
          case "localEnv":
          case "env": {
            const value = localVariables.get(name);
            if (value !== undefined) found.local = true;
            else if (fallback === undefined) found.missing = true;
            return value ?? fallback ?? "";
          }
          case "containerEnv": {
            const own = this.#variables[name];
            if (own === undefined) found.imageVariables = true;
            return own ?? "";
          }
          default:
            return whole;
        }
      },
    );
    return { text: resolved, ...found };
  }

  #honour(property: string): void {
    if (!this.#honoured.includes(property)) this.#honoured.push(property);
  }

  #cannot(property: string, reason: UnsupportedReason): void {
    const same = this.#unsupported.some((one) =>
      one.property === property && one.reason === reason
    );
    if (!same) this.#unsupported.push({ property: plainText(property, 200), reason });
  }
}

function withAmount<K extends string>(name: K, value: string | undefined) {
  return (value ? { [name]: value } : {}) as { [k in K]?: string };
}

/** As the specification has them: `VERSION=18`. */
function featureOptions(options: unknown): string[] {
  const all = isRecord(options) ? options : { version: options };
  return Object.entries(all)
    .filter(([, value]) => typeof value === "string" || typeof value === "boolean")
    .map(([name, value]) => [name.replaceAll(/[^\w]/g, "_").toUpperCase(), value])
    .filter(([name]) => !isProtectedVariable(String(name)) && !/^\d/.test(String(name)))
    .map(([name, value]) => `${name}=${value}`);
}

/** With the extensions and settings of older files, which were for a single editor. */
function customizationsOf(root: Record<string, unknown>): SessionSetup["customizations"] {
  const { customizations, extensions, settings } = root;
  const older = {
    ...(Array.isArray(extensions) ? { extensions } : {}),
    ...(isRecord(settings) ? { settings } : {}),
  };
  const own = isRecord(customizations) ? customizations : {};
  const all = Object.keys(older).length === 0
    ? own
    : { ...own, vscode: { ...older, ...isRecord(own.vscode) ? own.vscode : {} } };
  return Object.keys(all).length === 0 ? undefined : all;
}

function parsed(file: DevContainerFile): Record<string, unknown> {
  const { path, text } = file;
  const errors: jsonc.ParseError[] = [];
  const root: unknown = jsonc.parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined && isRecord(root)) return root;
  const before = text.slice(0, error?.offset ?? 0).split("\n");
  const message = error === undefined
    ? "expected a mapping"
    : `not JSON with comments: ${
      jsonc.printParseErrorCode(error.error).replaceAll(/\B[A-Z]/g, " $&").toLowerCase()
    }`;
  const position = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  throw new FileError({ path, text }, [{ ...position, width: error?.length || 1, message }]);
}
