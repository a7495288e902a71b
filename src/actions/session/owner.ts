/** Who a person is, as the cluster knows them. */
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";

interface SelfReview {
  status?: { userInfo?: { username?: unknown } };
}

/** The name; undefined where the cluster doesn't tell (before Kubernetes 1.28, or where it isn't allowed). */
export async function sessionOwner(
  client: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const review = await client.raw<SelfReview>(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { signal, body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } },
    );
    const name = review.status?.userInfo?.username;
    return typeof name === "string" && name !== "" ? plainText(name, 200) : undefined;
  } catch (error) {
    // Whether anything can be asked at all is found out, and told, by what is asked next.
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}
