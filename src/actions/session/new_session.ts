/** The state of a session to be created, from any source. */
import type { Session } from "../../session/model.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { sessionOwner } from "./owner.ts";

/** The part of it that is known beforehand. */
export interface Beginning
  extends Pick<Session, "name" | "spec" | "environment" | "sync" | "origin"> {
  repository: Session["repository"] | undefined;
  template: string | undefined;
}

/** Returns a session that starts now, owned by the user that the cluster sees. */
export async function newSession(
  host: Host,
  { client, namespace }: SessionStore,
  beginning: Beginning,
  signal: AbortSignal,
): Promise<Session> {
  const { name, repository, spec, environment, sync, template, origin } = beginning;
  const owner = await sessionOwner(client, signal);
  const at = host.clock.now().toISOString();
  return {
    name,
    namespace,
    ...(owner === undefined ? {} : { owner }),
    ...(repository === undefined ? {} : { repository }),
    spec,
    environment,
    sync,
    ...(template === undefined ? {} : { template }),
    ...(origin === undefined ? {} : { origin }),
    status: "Starting",
    createdAt: at,
    updatedAt: at,
  };
}
