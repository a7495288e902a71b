/** What a server would make of the manifests of this folder, as `kubectl create --dry-run=server` prints it. */
import type { Kubectl } from "../../harness/kubectl.ts";
import { isRecord } from "../../../src/base/json_value.ts";

/** Where the manifests are. */
const manifests = new URL("manifests.yaml", import.meta.url).pathname;

/** Where the answers of a real server are. */
export const expectedFile = new URL("expected.json", import.meta.url).pathname;

/** Returns the objects by kind and name, without what differs between two creations. */
export async function dryRun(kubectl: Kubectl): Promise<Record<string, unknown>> {
  const flags = ["--dry-run=server", "--validate=strict", "-o", "json"];
  const text = await kubectl.ok("create", ...flags, "-f", manifests);
  const objects = text.split(/^(?=\{)/m).flatMap((each) => {
    const object = JSON.parse(each) as { kind: string; items?: Record<string, unknown>[] };
    return object.items ?? [object as unknown as Record<string, unknown>];
  });
  return Object.fromEntries(objects.map((object) => {
    const { name } = object["metadata"] as { name: string };
    return [`${object["kind"]} ${name}`, settled(object)];
  }));
}

const uid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function settled(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    if (["creationTimestamp", "time"].includes(key)) return "{time}";
    if (["clusterIP", "clusterIPs"].includes(key) && value !== "None") return "{ip}";
    return value.replaceAll(uid, "{uid}");
  }
  if (Array.isArray(value)) return value.map((each) => settled(each, key));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, settled(each, key)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => a < b ? -1 : 1));
}
