/** Tokens for service accounts. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
import { resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import { invalid } from "./field_error.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { parseBody } from "./negotiate.ts";
import type { ResourceRoute } from "./route.ts";
import { failure, methodNotAllowed } from "./status.ts";
import { serviceAccountUser } from "./tokens.ts";
import { existing } from "./stored_object.ts";

/** The bounds of a real server. */
const [leastSeconds, defaultSeconds, mostSeconds] = [600, 3600, 2 ** 32];

/** Answers with a token that expires after the requested time, or with its account. */
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
  const seconds = spec.expirationSeconds ?? defaultSeconds;
  checkSeconds(seconds);
  const end = new Date(context.clock.now().getTime() + seconds * 1000);
  const user = serviceAccountUser(route.namespace, route.name, account.metadata.uid);
  const token = context.tokens.issue(user, {
    notAfter: end,
    holds: () => {
      const present = context.store.get(resources.serviceAccounts, route.namespace, route.name);
      return present?.metadata.uid === account.metadata.uid;
    },
  });
  const expirationTimestamp = end.toISOString().replace(/\.\d+Z$/, "Z");
  return json({
    ...object,
    metadata: { name: route.name, namespace: route.namespace },
    spec: { audiences: ["https://kubernetes.default.svc"], ...spec, expirationSeconds: seconds },
    status: { token, expirationTimestamp },
  }, 201);
}

function checkSeconds(seconds: number): void {
  const why = seconds < leastSeconds
    ? "may not specify a duration less than 10 minutes"
    : seconds > mostSeconds
    ? "may not specify a duration larger than 2^32 seconds"
    : undefined;
  if (why === undefined) return;
  const { field, message } = invalid("spec.expirationSeconds", seconds, why);
  throw failure(
    422,
    "Invalid",
    `TokenRequest.authentication.k8s.io "" is invalid: ${field}: ${message}`,
    {
      group: "authentication.k8s.io",
      kind: "TokenRequest",
      causes: [{ reason: "FieldValueInvalid", message, field }],
    },
  );
}
