/** The image of a session for which none is chosen. */
import { KodamaError } from "../base/errors.ts";
import { action, hint } from "../base/hint.ts";
import type { KubeClient } from "../kube/client.ts";

/** The embedded cluster's image for sessions, with a stand-in for a coding agent. */
const embeddedImage = "kodama-session";

/**
 * Returns the image of sessions without an image of their own: only the embedded cluster has one.
 *
 * @throws KodamaError `config` on every other cluster.
 */
export async function defaultImage(client: KubeClient, signal: AbortSignal): Promise<string> {
  if (await isEmbedded(client, signal)) return embeddedImage;
  throw noImageError();
}

/** Returns whether the agent of the image on this cluster asks no model. */
export async function hasStandIn(
  client: KubeClient,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  return image === embeddedImage && await isEmbedded(client, signal);
}

/** Distributions name themselves in their version, as `v1.32.0+k3s1`. */
async function isEmbedded(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const version = await client.raw<{ gitVersion?: unknown }>("GET", "/version", { signal });
  return typeof version.gitVersion === "string" && version.gitVersion.endsWith("+kodama");
}

/** Returns the error of a start without any image. */
export function noImageError(): KodamaError {
  const name = "REGISTRY/NAME:TAG";
  return new KodamaError("config", "no image for sessions is set, and kodama publishes none", {
    hint: hint`two commands build one and set it:
  ${action("image.build", { name, push: true })}
  ${action("config.set", { key: "defaults.image", value: name })}
any image with sh, git and tar will do`,
  });
}
