/** What a run in the cluster is started with: files and values, in a ConfigMap and a Secret. Pure. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import { fileVersion, versionProblem } from "../../base/file_version.ts";
import type { JsonValue } from "../../base/json_value.ts";

/** Where the ConfigMap and the Secret are in the pods of the run. */
export const mountFolder = "/run/kodama";
/** The workflow's files are below it, at the paths that they had. */
export const filesFolder = `${mountFolder}/files`;
/** The Secret. */
export const secretFolder = "/run/kodama-secret";
/** The key of the request in the ConfigMap, and of secret values in the Secret. */
export const requestKey = "request.json";

/** The limit of a ConfigMap, without what its metadata takes. */
const maxConfigMapBytes = 1000 * 1000;

const values = v.record(v.string(), v.unknown());

const requestShape = v.object({
  version: fileVersion(1),
  /** Absolute, as it was on the machine that made the request; so is `workingDir`. */
  workflow: v.string(),
  workingDir: v.string(),
  params: values,
  /** The selection's overrides, as a record has them. */
  overrides: v.unknown(),
  choice: v.optional(v.object({
    only: v.array(v.string()),
    skip: v.array(v.string()),
    startAt: v.exactOptional(v.string()),
  })),
  deadlineMs: v.optional(v.number()),
  shards: v.number(),
  /** Of the user's settings, for the records. */
  labels: v.exactOptional(v.record(v.string(), v.string())),
  /** The Job whose records it resumes, shard by shard. */
  resume: v.optional(v.object({
    job: v.string(),
    from: v.variant("kind", [
      v.object({ kind: v.picklist(["rest", "failed"]) }),
      v.object({ kind: v.literal("from"), step: v.string() }),
    ]),
  })),
});

/** See above. */
export type RunRequest = v.InferOutput<typeof requestShape>;

const secretShape = v.object({ params: values, env: v.record(v.string(), v.string()) });

/** Values of secret parameters, and variables that the workflow is granted. */
export interface RunSecrets {
  params: Readonly<Record<string, JsonValue>>;
  env: Readonly<Record<string, string>>;
}

/** A file of the workflow; the path is absolute. */
export interface RunFile {
  path: string;
  text: string;
}

/** A key of the ConfigMap, and the path that it has below the mount. */
export interface MountedKey {
  key: string;
  path: string;
}

/**
 * Returns the data of the ConfigMap, and where each key is mounted.
 *
 * @throws KodamaError `config` for files that are too large together.
 */
export function requestData(
  request: RunRequest,
  files: readonly RunFile[],
): { data: Record<string, string>; items: MountedKey[] } {
  const data = {
    [requestKey]: JSON.stringify(request),
    ...Object.fromEntries(files.map(({ text }, index) => [`file-${index}`, text])),
  };
  const encoder = new TextEncoder();
  const bytes = Object.values(data).reduce((sum, text) => sum + encoder.encode(text).length, 0);
  if (bytes > maxConfigMapBytes) {
    throw new KodamaError("config", "the files of the workflow are too large for a ConfigMap", {
      hint: "a ConfigMap has at most 1 MiB",
    });
  }
  return {
    data,
    items: [
      { key: requestKey, path: requestKey },
      ...files.map(({ path }, index) => ({ key: `file-${index}`, path: `files${path}` })),
    ],
  };
}

/** Reads the request. @throws KodamaError `config` for what kodama doesn't write. */
export function readRequest(text: string): RunRequest {
  return parsed(requestShape, text, "request");
}

/** Reads the secret values. @throws as {@link readRequest}. */
export function readSecrets(text: string): RunSecrets {
  return parsed(secretShape, text, "secrets") as RunSecrets;
}

function parsed<S extends v.GenericSchema>(shape: S, text: string, what: string): v.InferOutput<S> {
  try {
    return v.parse(shape, JSON.parse(text));
  } catch (error) {
    // Other messages may contain a value.
    const later = error instanceof v.ValiError ? versionProblem(error.issues) : undefined;
    const reason = later === undefined ? "" : `: ${later}`;
    throw new KodamaError("config", `the ${what} of the run can't be read${reason}`);
  }
}
