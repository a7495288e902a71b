/** Admission: what every new object passes through, from the API or from the cluster itself. */
import type { KubeObject } from "../kube/types.ts";
import type { ApiContext } from "./api/context.ts";
import { applyCreationDefaults, applyDefaults } from "./api/defaults.ts";
import { createTokens } from "./api/tokens.ts";
import { createObject } from "./api/stored_object.ts";
import type { NodeStreams, ResourceType, Store } from "./model.ts";
import type { Clock } from "../base/clock.ts";
import { apiVersionOf, resourceTypes } from "./resources.ts";

/** Validated ways to write into the store. */
export interface Admission {
  /** Returns the object that the API would make of a controller's object. */
  admit(type: ResourceType, object: KubeObject): KubeObject;
  /** Creates an object of a manifest as a client would: with defaults, validated, in its namespace or `default`. */
  create(manifest: KubeObject): void;
}

/** The field manager of a world's objects. */
const manager = { name: "kodama-world", operation: "Update", subresource: "" } as const;

/** Returns the admission functions. */
export function createAdmission(
  parts: { store: Store; node: NodeStreams; clock: Clock },
): Admission {
  const now = () => parts.clock.now();
  const newUid = () => crypto.randomUUID();
  const context: ApiContext = {
    ...parts,
    tokens: createTokens({ grants: [], now, newToken: newUid }),
    random: Math.random,
    newUid,
    version: "",
  };
  return {
    admit(type, object) {
      const draft = structuredClone(object);
      applyDefaults(type, draft);
      applyCreationDefaults(context, type, draft);
      return draft;
    },
    create(manifest) {
      const type = resourceTypes.find((each) =>
        each.kind === manifest.kind && apiVersionOf(each) === manifest.apiVersion
      );
      if (type === undefined) {
        throw new Error(`${manifest.kind} of ${manifest.apiVersion} isn't served`);
      }
      const namespace = type.namespaced ? manifest.metadata.namespace ?? "default" : "";
      createObject(context, type, manifest, { namespace, dryRun: false, manager });
    },
  };
}
