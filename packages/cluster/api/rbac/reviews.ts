/** Reviews of one's own permissions: sent by POST, answered at once, never stored. */
import { isRecord } from "../../../../src/base/json_value.ts";
import { timestamp } from "../../model.ts";
import type { ApiContext } from "../context.ts";
import { decodeObject } from "../decode.ts";
import { type ApiRequest, type ApiResponse, json, type User } from "../message.ts";
import { parseBody } from "../negotiate.ts";
import { type Attributes, authorize, grantedRules } from "./authorize.ts";

/** A kind that can only be created, and its answer. */
export interface Review {
  group: string;
  plural: string;
  kind: string;
  /** Returns the status in the answer. */
  answer(context: ApiContext, user: User, spec: Record<string, unknown>): Record<string, unknown>;
}

/** Every review that is served. */
export const reviews: readonly Review[] = [
  {
    group: "authentication.k8s.io",
    plural: "selfsubjectreviews",
    kind: "SelfSubjectReview",
    answer: (_context, user) => ({
      userInfo: {
        username: user.name,
        groups: user.groups,
        ...(user.uid ? { uid: user.uid } : {}),
      },
    }),
  },
  {
    group: "authorization.k8s.io",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    answer: ({ store }, user, spec) => decided(store, user, spec),
  },
  {
    group: "authorization.k8s.io",
    plural: "selfsubjectrulesreviews",
    kind: "SelfSubjectRulesReview",
    answer({ store }, user, spec) {
      const rules = grantedRules(store, user, text(spec["namespace"]));
      return {
        resourceRules: rules.filter(({ nonResourceURLs }) => !nonResourceURLs?.length),
        nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: false,
      };
    },
  },
  {
    group: "authorization.k8s.io",
    plural: "subjectaccessreviews",
    kind: "SubjectAccessReview",
    answer({ store }, _user, spec) {
      const groups = Array.isArray(spec["groups"]) ? spec["groups"].map(text) : [];
      return decided(store, { name: text(spec["user"]), groups }, spec);
    },
  },
];

/** Returns the review of a path. */
export function reviewAt(group: string, plural: string): Review | undefined {
  return reviews.find((each) => each.group === group && each.plural === plural);
}

/** Answers a review. */
export async function handleReview(
  context: ApiContext,
  request: ApiRequest,
  { group, kind, answer }: Review,
): Promise<ApiResponse> {
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject({ group, version: "v1", kind }, body, request.query);
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  const status = answer(context, request.user, spec);
  if (kind !== "SelfSubjectReview") return json({ ...object, status }, 201);
  // The one review whose answer has a time, and clients compare their clocks with it.
  const metadata = { ...object.metadata, creationTimestamp: timestamp(context.clock.now()) };
  return json({ ...object, metadata, status }, 201);
}

function decided(
  store: ApiContext["store"],
  user: User,
  spec: Record<string, unknown>,
): Record<string, unknown> {
  const { allowed, reason } = authorize(store, user, attributesOf(spec));
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function attributesOf(spec: Record<string, unknown>): Attributes {
  const path = spec["nonResourceAttributes"];
  if (isRecord(path)) return { kind: "path", verb: text(path["verb"]), path: text(path["path"]) };
  const requested = isRecord(spec["resourceAttributes"]) ? spec["resourceAttributes"] : {};
  const subresource = text(requested["subresource"]);
  return {
    kind: "resource",
    verb: text(requested["verb"]),
    group: text(requested["group"]),
    resource: text(requested["resource"]) + (subresource === "" ? "" : `/${subresource}`),
    namespace: text(requested["namespace"]),
    name: text(requested["name"]),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
