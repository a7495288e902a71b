/** What a server that answers lets this user do, and how well it fits. */
import { KodamaError } from "../base/errors.ts";
import type { CallOptions, KubeClient } from "../kube/client.ts";
import { capture } from "./doctor_machine.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "./host.ts";

/** A difference that makes times in lists and logs hard to read, and certificates fail. */
const clockLimitMs = 5000;

/** https://kubernetes.io/releases/version-skew-policy/#kubectl */
const allowedMinorSkew = 1;

/** Closing standard input alone came with the channel protocol v5, on by default since 1.30 (KEP-4006). */
const minorWithHalfClose = 30;

/** The findings of one server. Throws what the client throws. */
export async function* checkServer(
  host: Host,
  client: KubeClient,
  options: { release: string; namespace: string; signal: AbortSignal },
): AsyncGenerator<Finding, void> {
  const { release, namespace, signal } = options;
  yield await checkAccess(client, { id: "listPods", verb: "list", namespace }, { signal });
  yield await checkAccess(client, { id: "execPods", verb: "create", namespace }, { signal });
  yield checkStreams(client.context, release);
  yield await checkVersions(host, client.context, release, signal);
  yield await checkClock(host, client, { signal });
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
async function checkAccess(
  client: KubeClient,
  ask: { id: "listPods" | "execPods"; verb: string; namespace: string },
  options: CallOptions,
): Promise<Finding> {
  const { id, verb, namespace } = ask;
  const subresource = id === "execPods" ? { subresource: "exec" } : {};
  const review = await client.raw<{ status?: { allowed?: unknown; reason?: unknown } }>(
    "POST",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    {
      ...options,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { namespace, verb, resource: "pods", ...subresource } },
      },
    },
  );
  const what = `${verb} pods${id === "execPods" ? "/exec" : ""} in namespace "${namespace}"`;
  const { context } = client;
  if (review.status?.allowed === true) return { id, context, status: "ok", detail: `may ${what}` };
  return {
    id,
    context,
    status: "fail",
    detail: `may not ${what}`,
    advice: `a role needs the verb ${verb} for pods${id === "execPods" ? "/exec" : ""}`,
  };
}

function checkStreams(context: string, release: string): Finding {
  const minor = minorOf(release);
  if (minor === undefined || minor >= minorWithHalfClose) {
    return { id: "streams", context, status: "ok", detail: "standard input can be closed" };
  }
  return {
    id: "streams",
    context,
    status: "warn",
    detail: `before Kubernetes 1.${minorWithHalfClose} a command may see no end of its input`,
    advice: "with -i, use commands that know their input's end by themselves",
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
 * A review of who asks is made on the spot, so its creation time is the server's present, to a second.
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/
 */
async function checkClock(host: Host, client: KubeClient, options: CallOptions): Promise<Finding> {
  const { context } = client;
  const serverMs = await serverTime(client, options);
  if (serverMs === undefined) {
    return { id: "clock", context, status: "skipped", detail: "the server doesn't tell its time" };
  }
  // The server cuts its second off: half of one lies between, on average.
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
    // Servers before 1.28 have no such review.
    if (error instanceof KodamaError && error.kind !== "unreachable") return undefined;
    throw error;
  }
}
