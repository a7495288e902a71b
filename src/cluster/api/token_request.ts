/** Tokens for service accounts. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
import { resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { parseBody } from "./negotiate.ts";
import type { ResourceRoute } from "./route.ts";
import { methodNotAllowed } from "./status.ts";
import { serviceAccountUser } from "./tokens.ts";
import { existing } from "./stored_object.ts";

/** As short and as long as the real server lets one be. */
const [leastSeconds, defaultSeconds, mostSeconds] = [600, 3600, 2 ** 32];

/** Answers with a token that ends when it was asked to. */
export async function tokenRequest(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(kind, body, request.query);
  const account = existing(context, resources.serviceAccounts, route);
  const spec = (object["spec"] ?? {}) as { expirationSeconds?: number; audiences?: string[] };
  const asked = spec.expirationSeconds ?? defaultSeconds;
  const seconds = Math.min(Math.max(asked, leastSeconds), mostSeconds);
  const end = new Date(context.clock.now().getTime() + seconds * 1000);
  const user = serviceAccountUser(route.namespace, route.name, account.metadata.uid);
  const expirationTimestamp = end.toISOString().replace(/\.\d+Z$/, "Z");
  return json({
    ...object,
    metadata: { name: route.name, namespace: route.namespace },
    spec: { audiences: ["https://kubernetes.default.svc"], ...spec, expirationSeconds: seconds },
    status: { token: context.tokens.issue(user, end), expirationTimestamp },
  }, 201);
}
