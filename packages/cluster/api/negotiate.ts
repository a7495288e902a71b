/** Content negotiation: the format in which objects are sent, and how a body is read. */
import { decodeProtobuf } from "./schema/protobuf.ts";
import { badRequest, notAcceptable, unsupportedMediaType } from "./status.ts";
import type { ResourceType, Stored } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { type IncludeObject, partialObject, tableOf } from "./tables/table.ts";

/** The format of an answer. */
export type Form = "object" | "table" | "partial";

const protobufType = "application/vnd.kubernetes.protobuf";

const accepted = ["application/json", "application/yaml", protobufType];

/** The formats of an answer: protobuf is only ever one of those that a client accepts. */
const offered = ["application/json"];

interface MediaRange {
  type: string;
  parameters: ReadonlyMap<string, string>;
}

/** Returns the media ranges of an Accept header in the order of preference. */
export function parseAccept(header: string): MediaRange[] {
  return header.split(",").map((range) => {
    const [type = "", ...rest] = range.split(";").map((part) => part.trim());
    const parameters = new Map(rest.map((part) => {
      const [name = "", value = ""] = part.split("=");
      return [name.trim(), value.trim()] as const;
    }));
    return { type: type.toLowerCase(), parameters };
  }).sort((a, b) => quality(b) - quality(a));
}

function quality({ parameters }: MediaRange): number {
  const value = Number(parameters.get("q") ?? 1);
  return Number.isFinite(value) ? value : 0;
}

/** Returns the first format of the Accept header that this server has. Throws a 406 if there is none. */
export function acceptedForm(accept: string | undefined): Form {
  if (accept === undefined || accept === "") return "object";
  for (const { type, parameters } of parseAccept(accept)) {
    if (!["application/json", "application/*", "*/*"].includes(type)) continue;
    const as = parameters.get("as");
    if (as === undefined) return "object";
    // Only v1: every client that requests the older v1beta1 requests it second.
    if (parameters.get("g") !== "meta.k8s.io" || parameters.get("v") !== "v1") continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "partial";
  }
  throw notAcceptable(offered);
}

/** Returns the media type of a Content-Type header; JSON if there is none, as the API takes it. */
export function mediaType(header: string | undefined): string {
  return (header ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Reads a body in JSON, YAML or protobuf. Throws a 415 for other types and a 400 for what can't be read. */
export async function parseBody(
  body: Uint8Array,
  contentType: string | undefined,
): Promise<unknown> {
  const type = mediaType(contentType);
  if (type === protobufType) return decodeProtobuf(body);
  const text = decodeText(body);
  if (type === "application/yaml") return await parseYaml(text);
  if (type !== "application/json") throw unsupportedMediaType(accepted);
  return parseJson(text);
}

/** Returns the text of a body. Throws a 400 if it isn't UTF-8. */
export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw badRequest("the body of the request is not UTF-8");
  }
}

/** Reads JSON. Throws a 400 that describes the error in it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`);
  }
}

/** Reads YAML. Throws a 400 that describes the error in it. */
export async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    // Aliases multiply: a small body must not become a large object.
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(
      `error parsing YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/* Stored objects in the format that a client requested. */

/** Returns an object as it appears alone in an answer: with its kind, even if the writer omitted it. */
export function withKind(type: ResourceType, object: Stored): Stored {
  return { ...object, kind: type.kind, apiVersion: apiVersionOf(type) };
}

/** The format that the request asks of each answer. */
export interface Representation {
  form: Form;
  includeObject: IncludeObject;
}

/** Reads Accept and includeObject. Throws a 406, or a 400. */
export function representationOf(request: ApiRequest): Representation {
  const include = request.query.get("includeObject") ?? "Metadata";
  if (include !== "None" && include !== "Metadata" && include !== "Object") {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  }
  return { form: acceptedForm(request.headers["accept"]), includeObject: include };
}

/** Returns one object: the answer of get, create, update and patch. */
export function represent(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  object: Stored,
  code = 200,
): ApiResponse {
  const { form, includeObject } = representationOf(request);
  switch (form) {
    case "object":
      return json(withKind(type, object), code);
    case "partial":
      return json(partialObject(object), code);
    case "table":
      return json(
        tableOf(type, [object], {
          includeObject,
          now: context.clock.now(),
          metadata: { resourceVersion: object.metadata.resourceVersion },
          withColumns: true,
        }),
        code,
      );
  }
}
