/** Values of Secrets are shown and saved nowhere: a watch yields only whether they are there, and that they change. */
import { isRecord } from "../../base/json_value.ts";
import type { ApiResource } from "../../kube/client.ts";
import { isSameKind, SECRETS } from "../../kube/resources.ts";
import type { FieldChange } from "./changed_fields.ts";

type Fields = Readonly<Record<string, unknown>>;

const masked = "***";

/** Contains the whole object, as it was applied. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Returns an object without the values of a Secret; any other object unchanged. */
export function maskFields(resource: ApiResource, fields: Fields): Fields {
  if (!isSameKind(resource, SECRETS)) return fields;
  const { metadata } = fields;
  const annotations = isRecord(metadata) ? metadata["annotations"] : undefined;
  return {
    ...fields,
    ...maskedEntries("data", fields["data"]),
    ...maskedEntries("stringData", fields["stringData"]),
    ...(isRecord(metadata) && isRecord(annotations) && lastApplied in annotations
      ? { metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: masked } } }
      : {}),
  };
}

/** Returns a change of a field without the values of a Secret. */
export function maskChange(resource: ApiResource, change: FieldChange): FieldChange {
  if (!isSameKind(resource, SECRETS)) return change;
  const { path } = change;
  if (!/^(?:data|stringData)\b/.test(path) && !path.startsWith("metadata.annotations")) {
    return change;
  }
  return {
    path,
    ...("before" in change ? { before: masked } : {}),
    ...("after" in change ? { after: masked } : {}),
  };
}

function maskedEntries(name: string, value: unknown): Fields {
  if (!isRecord(value)) return {};
  return { [name]: Object.fromEntries(Object.keys(value).map((key) => [key, masked])) };
}
