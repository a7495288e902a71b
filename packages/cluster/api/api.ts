/** The API as a function: from an authenticated request to an answer. */
import type { ApiContext } from "./context.ts";
import { answerList, checkedVersion, Pages } from "./list.ts";
import { type ApiRequest, type ApiResponse, flag, json, type User } from "./message.ts";
import { type Attributes, authorize, denial, masters } from "./rbac/authorize.ts";
import { handleReview, type Review, reviewAt } from "./rbac/reviews.ts";
import { answerMetrics, metricsGroup } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { patch } from "./patch/patch.ts";
import { answerDelete, removeCollection } from "./remove.ts";
import { parseAccept, represent } from "./negotiate.ts";
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
import { answerCreate, answerUpdate } from "./write.ts";
import { type DiscoveredGroup, type DiscoveredResource, groups } from "./discovery.ts";

/** Answers requests; throws `ApiError` for requests that fail. */
export type Api = (request: ApiRequest, route: Route) => Promise<ApiResponse>;

/** What the API's handlers need beside the parts of the cluster. */
interface ApiOptions {
  /** `127.0.0.1:6443`, known once the server listens. */
  serverAddress: () => string;
}

/** Creates the API of a cluster. */
export function createApi(context: ApiContext, options: ApiOptions): Api {
  const paged = { ...context, pages: new Pages(context.newUid) };
  return async (request, route) => {
    if (route.kind === "path") return path(context, request, options);
    const requested = reviewAt(route.group, route.plural);
    if (requested) return await answerReview(context, request, requested);
    if (route.group === metricsGroup) return await answerMetrics(context, request, route);
    const served = servedAt(route);
    if (served === undefined) throw noSuchResource();
    if (route.subresource !== "") return await subresource(context, request, served, route);
    return await object(paged, request, served, route);
  };
}

async function answerReview(
  context: ApiContext,
  request: ApiRequest,
  requested: Review,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  return await handleReview(context, request, requested);
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
      return answerList(context, request, served, route);
    case "watch":
      return watch(context, request, served, route);
    case "create":
      if (named) throw methodNotAllowed();
      return await answerCreate(context, request, served, route);
    case "update":
      if (!named) throw methodNotAllowed();
      return await answerUpdate(context, request, served, route);
    case "patch":
      if (!named) throw methodNotAllowed();
      return await patch(context, request, served, route);
    case "delete":
      return await answerDelete(context, request, served, route);
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
  desired: { name: string; groups: readonly string[] } | undefined,
): User {
  if (desired === undefined) return caller;
  const ask = (resource: string, name: string) =>
    checkAllowed(context, caller, {
      kind: "resource",
      verb: "impersonate",
      group: "",
      resource,
      namespace: "",
      name,
    });
  ask("users", desired.name);
  for (const group of desired.groups) {
    if (!group.startsWith("system:") || group === masters) ask("groups", group);
  }
  if (desired.name.length > 1024) {
    throw badRequest("the name of the user to impersonate is too long");
  }
  return desired;
}

/*
 * The documents of discovery: the aggregated ones that present clients request, and the older ones.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Returns the document at a path of discovery; undefined if there is none. */
function discoveryDocument(
  path: string,
  options: { accept: string; serverAddress: string },
): ApiResponse | undefined {
  const segments = path.split("/").filter((each) => each !== "");
  if (segments[0] === "api") return coreDocument(segments, options);
  if (segments[0] !== "apis") return undefined;
  const [, name, version] = segments;
  const named = groups.filter(({ group }) => group !== "");
  if (name === undefined) {
    if (wantsAggregated(options.accept)) return aggregated(named);
    return json({ kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupEntry) });
  }
  const group = named.find((each) => each.group === name);
  if (group === undefined || segments.length > 3) return undefined;
  if (version === undefined) {
    return json({ kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) });
  }
  return version === group.version ? resourceList(group) : undefined;
}

function coreDocument(
  segments: readonly string[],
  options: { accept: string; serverAddress: string },
): ApiResponse | undefined {
  const core = groups.filter(({ group }) => group === "");
  if (segments.length === 2 && segments[1] === "v1") return core[0] && resourceList(core[0]);
  if (segments.length > 1) return undefined;
  if (wantsAggregated(options.accept)) return aggregated(core);
  return json({
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: options.serverAddress }],
  });
}

function wantsAggregated(accept: string): boolean {
  return parseAccept(accept).some(({ type, parameters }) =>
    type === "application/json" && parameters.get("as") === "APIGroupDiscoveryList" &&
    parameters.get("v") === "v2"
  );
}

function groupEntry({ group, version }: DiscoveredGroup): Record<string, unknown> {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
}

function resourceList({ group, version, resources }: DiscoveredGroup): ApiResponse {
  return json({
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources.map((each) => ({
      name: each.name,
      singularName: each.singular,
      namespaced: each.namespaced,
      ...(each.group === group ? {} : { group: each.group, version: each.version }),
      kind: each.kind,
      verbs: each.verbs,
      ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
      ...(each.categories.length === 0 ? {} : { categories: each.categories }),
    })),
  });
}

function aggregated(list: readonly DiscoveredGroup[]): ApiResponse {
  const body = {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: list.map(({ group, version, resources }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: [{ version, freshness: "Current", resources: aggregatedResources(resources) }],
    })),
  };
  return { kind: "json", code: 200, body, contentType: aggregatedType };
}

function responseKind({ group, version, kind }: DiscoveredResource): Record<string, string> {
  return { group, version, kind };
}

function aggregatedResources(resources: readonly DiscoveredResource[]): unknown[] {
  return resources.filter(({ name }) => !name.includes("/")).map((each) => {
    const below = resources.filter(({ name }) => name.startsWith(`${each.name}/`));
    return {
      resource: each.name,
      responseKind: responseKind(each),
      scope: each.namespaced ? "Namespaced" : "Cluster",
      singularResource: each.singular,
      verbs: each.verbs,
      ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
      ...(each.categories.length === 0 ? {} : { categories: each.categories }),
      ...(below.length === 0 ? {} : {
        subresources: below.map((sub) => ({
          subresource: sub.name.slice(each.name.length + 1),
          responseKind: responseKind(sub),
          verbs: sub.verbs,
        })),
      }),
    };
  });
}
