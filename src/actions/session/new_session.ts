/** The state of a session that is to be, whatever it is made from. */
import type { Session } from "../../session/model.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { sessionOwner } from "./owner.ts";

/** What is known of it before. */
export interface Beginning
  extends Pick<Session, "name" | "spec" | "environment" | "sync" | "origin"> {
  repository: Session["repository"] | undefined;
  template: string | undefined;
}

/** It begins now, and belongs to whoever the cluster takes us for. */
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
