/**
 * Metadata: the fields that a client may set, and the names that are valid.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
import { definedOnly } from "../../../src/base/json_value.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import type { ResourceType, Stored } from "../model.ts";
import { resources } from "../resources.ts";
import { type FieldError, forbiddenField, invalid, missingValue } from "./field_error.ts";

const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

interface NameRule {
  pattern: RegExp;
  maxLength: number;
  complaint: string;
}

const subdomain: NameRule = {
  pattern: new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`),
  maxLength: 253,
  complaint:
    `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${dnsLabel}(\\.${dnsLabel})*')`,
};

const label: NameRule = {
  pattern: new RegExp(`^${dnsLabel}$`),
  maxLength: 63,
  complaint:
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${dnsLabel}')`,
};

const serviceName: NameRule = {
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  complaint:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
};

const pathSegment: NameRule = {
  pattern: /^(?!\.{1,2}$)[^/%]+$/,
  maxLength: 253,
  complaint: `may not be '.' or '..', and may not contain '/' or '%'`,
};

function nameRule(type: ResourceType): NameRule {
  if (type.group === "rbac.authorization.k8s.io") return pathSegment;
  if (type.kind === resources.namespaces.kind) return label;
  if (type.kind === resources.services.kind) return serviceName;
  return subdomain;
}

/** Returns the errors of a name of this form, at this field. */
export function nameErrors(field: string, name: string, rule: "label" | "subdomain"): FieldError[] {
  return against(field, name, rule === "label" ? label : subdomain);
}

function against(field: string, name: string, rule: NameRule): FieldError[] {
  if (!rule.pattern.test(name)) return [invalid(field, name, rule.complaint)];
  if (name.length <= rule.maxLength) return [];
  return [invalid(field, name, `must be no more than ${rule.maxLength} characters`)];
}

const labelKey =
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Returns the errors of labels. */
export function labelErrors(field: string, labels: Record<string, string> = {}): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(labelKey.test(key) ? [] : [invalid(
      field,
      key,
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    )]),
    ...(labelValue.test(value) ? [] : [invalid(
      field,
      value,
      value.length > 63
        ? "must be no more than 63 characters"
        : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    )]),
  ]);
}

/** The maximum size of all annotations of one object. */
const annotationBytes = 256 * 1024;

/** Returns the errors of the metadata of an object that is about to be written. */
export function metadataErrors(
  type: ResourceType,
  { metadata }: KubeObject,
  previous?: Stored,
): FieldError[] {
  const { name = "", annotations = {}, finalizers = [] } = metadata;
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    0,
  );
  return [
    ...(name === ""
      ? [missingValue("metadata.name", "name or generateName is required")]
      : against("metadata.name", name, nameRule(type))),
    ...labelErrors("metadata.labels", metadata.labels),
    ...finalizerErrors(finalizers, previous?.metadata),
    ...(size <= annotationBytes ? [] : [{
      field: "metadata.annotations",
      reason: "FieldValueInvalid" as const,
      message: `Too long: may not be more than ${annotationBytes} bytes`,
    }]),
  ];
}

/** Finalizers of Kubernetes' own, the only ones without a domain. */
const standardFinalizers = ["orphan", "foregroundDeletion", "kubernetes"];

function finalizerErrors(
  finalizers: readonly string[],
  previous: Stored["metadata"] | undefined,
): FieldError[] {
  const added = finalizers.filter((each) => !(previous?.finalizers ?? []).includes(each));
  const list = added.map((each) => JSON.stringify(each)).join(", ");
  return [
    ...added.filter((each) => !each.includes("/") && !standardFinalizers.includes(each))
      .map((each) =>
        invalid(
          `metadata.finalizers[${finalizers.indexOf(each)}]`,
          each,
          "name is neither a standard finalizer name nor is it fully qualified",
        )
      ),
    ...(added.length === 0 || previous?.deletionTimestamp === undefined ? [] : [forbiddenField(
      "metadata.finalizers",
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    )]),
  ];
}

/** Letters that don't form words, as Kubernetes chooses them. */
const suffixLetters = "bcdfghjklmnpqrstvwxz2456789";

/** Returns a name from generateName, truncated so that five more letters fit. */
function generatedName(base: string, random: () => number): string {
  const letters = Array.from(
    { length: 5 },
    () => suffixLetters[Math.floor(random() * suffixLetters.length)],
  );
  return base.slice(0, 58) + letters.join("");
}

/** Returns the metadata of a new object: fields that only the server writes are dropped. */
export function newMetadata(
  metadata: KubeObject["metadata"],
  options: { namespace: string; random: () => number },
): KubeObject["metadata"] {
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    selfLink: _selfLink,
    managedFields: _managed,
    namespace: _namespace,
    ...wished
  } = metadata;
  const { name, generateName } = wished;
  return {
    ...wished,
    ...(!name && generateName ? { name: generatedName(generateName, options.random) } : {}),
    ...(options.namespace === "" ? {} : { namespace: options.namespace }),
  };
}

/** The fields that only the server writes. */
const serverWritten = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
] as const;

/**
 * Returns the metadata of an update: fields that only the server writes are unchanged, the version is the one that the
 * writer saw.
 */
export function updatedMetadata(
  wished: KubeObject["metadata"],
  { metadata: previous }: Stored,
): KubeObject["metadata"] {
  const { managedFields: _managed, selfLink: _selfLink, ...rest } = wished;
  const preserved = Object.fromEntries(serverWritten.map((field) => [field, previous[field]]));
  return definedOnly({ ...rest, ...preserved });
}
