/** Parses paths of the API. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
import type { ApiRequest } from "./message.ts";

/** A path of a collection or an object, or any other. */
export type Route =
  | {
    kind: "resource";
    group: string;
    version: string;
    plural: string;
    /** Empty: all namespaces, or a cluster-scoped kind. */
    namespace: string;
    /** Empty: the collection. */
    name: string;
    subresource: string;
  }
  | { kind: "path"; path: string };

/** A path of a collection or an object. */
export type ResourceRoute = Extract<Route, { kind: "resource" }>;

/** Subresources of a namespace itself: any other segment after its name is a collection in it. */
const ofNamespaces = new Set(["status", "finalize"]);

/** Parses a path. One that doesn't start as a resource's does is a plain path. */
export function parseRoute(path: string): Route {
  const segments = path.split("/").slice(1);
  const versioned = segments[0] === "api"
    ? { group: "", version: segments[1], rest: segments.slice(2) }
    : segments[0] === "apis"
    ? { group: segments[1] ?? "", version: segments[2], rest: segments.slice(3) }
    : undefined;
  const rest = versioned?.rest.filter((segment, index, all) =>
    segment !== "" || index < all.length - 1
  );
  if (versioned?.version === undefined || rest === undefined || rest.length === 0) {
    return { kind: "path", path };
  }
  const { group, version } = versioned;
  const inNamespace = rest[0] === "namespaces" && rest.length > 2 &&
    !ofNamespaces.has(rest[2] ?? "");
  const [plural = "", name = "", ...subresource] = inNamespace ? rest.slice(2) : rest;
  const namespace = inNamespace ? rest[1] ?? "" : "";
  const common = { kind: "resource", group, version, plural, name } as const;
  return { ...common, namespace, subresource: subresource.join("/") };
}

/** Returns the verb that authorization and audit use. */
export function verbOf(
  { method, query }: Pick<ApiRequest, "method" | "query">,
  route: Route,
): string {
  if (route.kind === "path") return method.toLowerCase();
  const ofCollection = route.name === "";
  switch (method) {
    case "GET":
    case "HEAD":
      if (!ofCollection) return "get";
      return ["true", "1"].includes(query.get("watch") ?? "") ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return ofCollection ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}
