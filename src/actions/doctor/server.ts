/** Checks this user's permissions on a server that answers, and the server's compatibility. */
import { KodamaError } from "../../base/errors.ts";
import type { CallOptions, KubeClient } from "../../kube/client.ts";
import { capture } from "./machine.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "../host.ts";

/** A larger difference makes times in lists and logs hard to read, and certificates fail. */
const clockLimitMs = 5000;

/** https://kubernetes.io/releases/version-skew-policy/#kubectl */
const allowedMinorSkew = 1;

/** Closing stdin alone needs the channel protocol v5, on by default since 1.30 (KEP-4006). */
const minorWithHalfClose = 30;

/** Yields the findings of one server. Throws whatever the client throws. */
export async function* checkServer(
  host: Host,
  client: KubeClient,
  options: { release: string; namespace: string; signal: AbortSignal },
): AsyncGenerator<Finding, void> {
  const { release, namespace, signal } = options;
  const where = { namespace, signal };
  yield await checkAccess(client, { id: "listPods", verbs: ["list"], resource: "pods" }, where);
  yield await checkAccess(
    client,
    { id: "execPods", verbs: ["create"], resource: "pods/exec" },
    where,
  );
  yield checkStreams(client.context, release);
  yield await checkVersions(host, client.context, release, signal);
  yield await checkClock(host, client, { signal });
}

/** Returns whether all verbs are allowed. Streams need only `create`: without `get` they use POST (pod_streams.ts). */
async function checkAccess(
  client: KubeClient,
  { id, verbs, resource }: {
    id: "listPods" | "execPods";
    verbs: readonly string[];
    resource: "pods" | "pods/exec";
  },
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<Finding> {
  const missing: string[] = [];
  for (const verb of verbs) {
    if (!await mayDo(client, { verb, resource, namespace }, { signal })) missing.push(verb);
  }
  const { context } = client;
  const what = (some: readonly string[]) =>
    `${some.join(" and ")} ${resource} in namespace "${namespace}"`;
  if (missing.length === 0) return { id, context, status: "ok", detail: `you can ${what(verbs)}` };
  const needed = verbs.length === 1 ? `the verb ${verbs[0]}` : `the verbs ${verbs.join(" and ")}`;
  return {
    id,
    context,
    status: "fail",
    detail: `you cannot ${what(missing)}`,
    advice: `a role needs ${needed} for ${resource}`,
  };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
async function mayDo(
  client: KubeClient,
  ask: { verb: string; resource: string; namespace: string },
  options: CallOptions,
): Promise<boolean> {
  const { verb, namespace } = ask;
  const [resource, subresource] = ask.resource.split("/");
  const attributes = { namespace, verb, resource, ...(subresource && { subresource }) };
  const review = await client.raw<{ status?: { allowed?: unknown } }>(
    "POST",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    {
      ...options,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: attributes },
      },
    },
  );
  return review.status?.allowed === true;
}

function checkStreams(context: string, release: string): Finding {
  const minor = minorOf(release);
  if (minor === undefined || minor >= minorWithHalfClose) {
    return { id: "streams", context, status: "ok", detail: "the server supports closing stdin" };
  }
  return {
    id: "streams",
    context,
    status: "warn",
    detail: `before Kubernetes 1.${minorWithHalfClose} a command may see no end of its input`,
    advice: "with standard input, use commands that know their input's end by themselves",
  };
}

async function checkVersions(
  host: Host,
  context: string,
  release: string,
  signal: AbortSignal,
): Promise<Finding> {
  const id = "versions";
  const kubectl = await host.machine.findProgram("kubectl");
  if (kubectl === undefined) {
    return { id, context, status: "skipped", detail: "no kubectl on PATH" };
  }
  const words = ["version", "--client", "--output=json"];
  const answer = await capture(host, { id: "kubectl", words }, signal);
  if (answer instanceof KodamaError) {
    const { message, hint } = answer;
    const advice = hint === undefined ? {} : { advice: hint };
    return { id, context, status: "skipped", detail: message, ...advice };
  }
  const { stdout } = answer;
  const own = /"gitVersion":\s*"([^"]{1,60})"/.exec(stdout)?.[1] ?? "";
  const [client, server] = [minorOf(own), minorOf(release)];
  if (client === undefined || server === undefined) {
    const whose = client === undefined ? "kubectl" : "the server";
    return { id, context, status: "skipped", detail: `the version of ${whose} can't be read` };
  }
  const detail = `kubectl ${own}, server ${release}`;
  if (Math.abs(client - server) <= allowedMinorSkew) return { id, context, status: "ok", detail };
  const advice = "kubectl is supported within one minor version of the server";
  return { id, context, status: "warn", detail, advice };
}

function minorOf(release: string): number | undefined {
  const minor = /^v?1\.(\d{1,4})(?:\D|$)/.exec(release)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/**
 * A SelfSubjectReview is created on request, so its creation time is the server's current time, to the second.
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/
 */
async function checkClock(host: Host, client: KubeClient, options: CallOptions): Promise<Finding> {
  const { context } = client;
  const serverMs = await serverTime(client, options);
  if (serverMs === undefined) {
    return { id: "clock", context, status: "skipped", detail: "the server doesn't tell its time" };
  }
  // The server truncates to a second: half a second is the average error.
  const skewMs = host.clock.now().getTime() - (serverMs + 500);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= clockLimitMs) {
    return { id: "clock", context, status: "ok", detail: "this machine and the server agree" };
  }
  const detail = `this machine is ${seconds}s ${skewMs > 0 ? "ahead of" : "behind"} the server`;
  return { id: "clock", context, status: "warn", detail, advice: "synchronise the clocks (NTP)" };
}

async function serverTime(client: KubeClient, options: CallOptions): Promise<number | undefined> {
  try {
    const review = await client.raw<{ metadata?: { creationTimestamp?: unknown } }>(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {
        ...options,
        body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      },
    );
    const time = Date.parse(String(review.metadata?.creationTimestamp));
    return Number.isNaN(time) ? undefined : time;
  } catch (error) {
    // Servers before 1.28 don't have this review.
    if (error instanceof KodamaError && error.kind !== "unreachable") return undefined;
    throw error;
  }
}
