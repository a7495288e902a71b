/** An admission webhook that changes objects as a platform or a mesh does: on this machine, beside the API server. */
import { issueCertificate, makeAuthority } from "./certificates.ts";
import type { RealCluster } from "./test_namespace.ts";
import { addressSeenByNode } from "./way_here.ts";

/** What it makes of an object; undefined leaves it. */
export type Mutation = (
  object: { kind: string; metadata: { labels?: Record<string, string> }; spec?: PodParts },
) => readonly JsonPatch[] | undefined;

interface PodParts {
  containers?: unknown[];
}

interface JsonPatch {
  op: "add";
  path: string;
  value: unknown;
}

const proxy = {
  name: "mesh-proxy",
  image: "busybox:1.36",
  imagePullPolicy: "Never",
  command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"],
};

/** Puts a proxy that runs on into each pod. */
export function injected(at: "first" | "last"): Mutation {
  const path = at === "first" ? "/spec/containers/0" : "/spec/containers/-";
  return ({ kind }) => kind === "Pod" ? [{ op: "add", path, value: proxy }] : undefined;
}

/** Owns a label that others use as well. */
export const relabelled: Mutation = ({ metadata: { labels } }) =>
  labels === undefined
    ? [{
      op: "add",
      path: "/metadata/labels",
      value: { "app.kubernetes.io/managed-by": "platform" },
    }]
    : [{ op: "add", path: "/metadata/labels/app.kubernetes.io~1managed-by", value: "platform" }];

/** Serves it for a namespace, until it is disposed of. */
export async function serveMutation(
  cluster: RealCluster,
  { namespace, folder, mutation }: { namespace: string; folder: string; mutation: Mutation },
): Promise<AsyncDisposable> {
  const hostname = await addressSeenByNode(cluster);
  await makeAuthority(folder);
  const names = { commonName: "mutator", alternativeNames: [`IP:${hostname}`] };
  await issueCertificate(folder, "mutator", names);
  const server = Deno.serve({
    hostname,
    port: 0,
    cert: await Deno.readTextFile(`${folder}/mutator.crt`),
    key: await Deno.readTextFile(`${folder}/mutator.key`),
    onListen: () => {},
  }, async (request) => {
    const review = await request.json();
    const patch = mutation(review.request.object);
    const changed = patch === undefined
      ? {}
      : { patchType: "JSONPatch", patch: btoa(JSON.stringify(patch)) };
    const response = { uid: review.request.uid, allowed: true, ...changed };
    return Response.json({ apiVersion: review.apiVersion, kind: review.kind, response });
  });
  const configuration = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: namespace },
    webhooks: [{
      name: "mutator.kodama.test",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      clientConfig: {
        url: `https://${hostname}:${server.addr.port}/`,
        caBundle: btoa(await Deno.readTextFile(`${folder}/ca.crt`)),
      },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      rules: [{
        apiGroups: ["", "batch"],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: [
          ...["pods", "configmaps", "secrets", "persistentvolumeclaims", "jobs", "cronjobs"],
        ],
      }],
    }],
  };
  await cluster.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(configuration) });
  return {
    async [Symbol.asyncDispose]() {
      await cluster.kubectl(["delete", "mutatingwebhookconfiguration", namespace]);
      await server.shutdown();
    },
  };
}
