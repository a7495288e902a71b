/** The API as a function: from an authenticated request to an answer. */
import type { ApiContext } from "./context.ts";
import { discoveryDocument } from "./discovery/documents.ts";
import { checkedVersion, list, Pages } from "./list.ts";
import { type ApiRequest, type ApiResponse, flag, json, type User } from "./message.ts";
import { type Attributes, authorize, denial, masters } from "./rbac/authorize.ts";
import { type Review, review, reviewAt } from "./rbac/reviews.ts";
import { openApiDocument } from "./openapi/documents.ts";
import { patch } from "./patch/patch.ts";
import { remove, removeCollection } from "./remove.ts";
import { represent } from "./represent.ts";
import { type ResourceRoute, type Route, verbOf } from "./route.ts";
import { type Served, servedAt } from "./served.ts";
import {
  badRequest,
  forbidden,
  forbiddenPath,
  methodNotAllowed,
  noSuchResource,
} from "./status.ts";
import { subresource } from "./subresources.ts";
import { watch } from "./watch.ts";
import { existing } from "./stored_object.ts";
import { create, update } from "./write.ts";

/** Answers requests; throws `ApiError` for requests that fail. */
export type Api = (request: ApiRequest, route: Route) => Promise<ApiResponse>;

/** What the API's handlers need beside the parts of the cluster. */
export interface ApiOptions {
  /** `127.0.0.1:6443`, known once the server listens. */
  serverAddress: () => string;
}

/** Creates the API of a cluster. */
export function createApi(context: ApiContext, options: ApiOptions): Api {
  const paged = { ...context, pages: new Pages(context.newUid) };
  return async (request, route) => {
    if (route.kind === "path") return path(context, request, options);
    const asked = reviewAt(route.group, route.plural);
    if (asked) return await answerReview(context, request, asked);
    const served = servedAt(route);
    if (served === undefined) throw noSuchResource();
    if (route.subresource !== "") return await subresource(context, request, served, route);
    return await object(paged, request, served, route);
  };
}

async function answerReview(
  context: ApiContext,
  request: ApiRequest,
  asked: Review,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  return await review(context, request, asked);
}

async function object(
  context: ApiContext & { pages: Pages },
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const verb = verbOf(request, route);
  const named = route.name !== "";
  switch (verb) {
    case "get":
      checkedVersion(context.store, request.query);
      return represent(context, request, served.type, existing(context, served.type, route));
    case "list":
      return list(context, request, served, route);
    case "watch":
      return watch(context, request, served, route);
    case "create":
      if (named) throw methodNotAllowed();
      return await create(context, request, served, route);
    case "update":
      if (!named) throw methodNotAllowed();
      return await update(context, request, served, route);
    case "patch":
      if (!named) throw methodNotAllowed();
      return await patch(context, request, served, route);
    case "delete":
      return await remove(context, request, served, route);
    case "deletecollection":
      return await removeCollection(context, request, served, route);
    default:
      throw methodNotAllowed();
  }
}

function path(context: ApiContext, request: ApiRequest, options: ApiOptions): ApiResponse {
  const accept = request.headers["accept"] ?? "";
  const document = discoveryDocument(request.path, {
    accept,
    serverAddress: options.serverAddress(),
  }) ?? openApiDocument(request.path, { accept, version: context.version }) ??
    plainDocument(context, request);
  if (document === undefined) throw noSuchResource();
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  return document;
}

function plainDocument({ version }: ApiContext, request: ApiRequest): ApiResponse | undefined {
  switch (request.path.replace(/\/$/, "")) {
    case "/healthz":
    case "/livez":
    case "/readyz":
      return {
        kind: "text",
        code: 200,
        text: flag(request.query, "verbose") ? "[+]ping ok\n" : "ok",
      };
    case "/version":
      return json(versionDocument(version));
    default:
      return undefined;
  }
}

function versionDocument(gitVersion: string): Record<string, string> {
  const [, major = "1", minor = "0"] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    gitVersion,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: Deno.build.os + "/" + (Deno.build.arch === "x86_64" ? "amd64" : "arm64"),
  };
}

/** The permission that a request needs. */
export function attributesOf(
  request: Pick<ApiRequest, "method" | "query">,
  route: Route,
): Attributes {
  const verb = verbOf(request, route);
  if (route.kind === "path") return { kind: "path", verb, path: route.path };
  const { group, plural, name, namespace, subresource: below } = route;
  // A namespace belongs to itself, so that a role in it can refer to it.
  const home = group === "" && plural === "namespaces" ? name : namespace;
  const resource = below === "" ? plural : `${plural}/${below}`;
  return { kind: "resource", verb, group, resource, namespace: home, name };
}

/** Throws a 403 if the roles don't allow it. Returns the reason, for the audit log. */
export function checkAllowed(context: ApiContext, user: User, attributes: Attributes): string {
  const { allowed, reason } = authorize(context.store, user, attributes);
  if (allowed) return reason;
  const why = denial(user, attributes);
  if (attributes.kind === "path") throw forbiddenPath(why);
  const [plural = ""] = attributes.resource.split("/");
  throw forbidden({ group: attributes.group, plural }, attributes.name, why);
}

/** Returns the user to act as: the caller, or the one that it impersonates. Throws a 403 if it may not. */
export function checkImpersonation(
  context: ApiContext,
  caller: User,
  wanted: { name: string; groups: readonly string[] } | undefined,
): User {
  if (wanted === undefined) return caller;
  const ask = (resource: string, name: string) =>
    checkAllowed(context, caller, {
      kind: "resource",
      verb: "impersonate",
      group: "",
      resource,
      namespace: "",
      name,
    });
  ask("users", wanted.name);
  for (const group of wanted.groups) {
    if (!group.startsWith("system:") || group === masters) ask("groups", group);
  }
  if (wanted.name.length > 1024) {
    throw badRequest("the name of the user to impersonate is too long");
  }
  return wanted;
}
