/**
 * `deno task kubernetes:update`: writes what the embedded cluster knows of Kubernetes' API into `packages/cluster/kubernetes/`, from
 * what Kubernetes publishes in its Go modules: the OpenAPI document, the discovery documents, and the Go types, whose
 * tags have the numbers of protobuf fields and say which empty fields are written. Needs `go`.
 */
import { parse } from "yaml";
import { isRecord } from "../src/base/json_value.ts";
import type {
  Definition,
  KubernetesApi,
  Property,
  PublishedKind,
} from "../packages/cluster/kubernetes/published.ts";

const version = "1.34.4";

/** The modules, and their versions. */
const modules = {
  kubernetes: `k8s.io/kubernetes@v${version}`,
  api: `k8s.io/api@v${version.replace(/^1/, "0")}`,
  apimachinery: `k8s.io/apimachinery@v${version.replace(/^1/, "0")}`,
  snapshots: "github.com/kubernetes-csi/external-snapshotter/client/v8@v8.6.0",
};

/**
 * The groups whose kinds are stored. Events of `events.k8s.io` are those of the core group in another form; kinds of
 * `apiextensions.k8s.io` and `apiregistration.k8s.io` would promise an API that isn't served.
 */
const storedGroups = [
  "",
  "apps",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

/** Kinds that are sent or answered, and never stored. */
const exchanged = [
  "io.k8s.api.authentication.v1.SelfSubjectReview",
  "io.k8s.api.authentication.v1.TokenRequest",
  "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
  "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
  "io.k8s.api.authorization.v1.SubjectAccessReview",
  "io.k8s.api.autoscaling.v1.Scale",
  "io.k8s.api.core.v1.Binding",
  "io.k8s.api.policy.v1.Eviction",
  "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
];

type Json = Record<string, unknown>;

/** Returns the folders of the modules by name. */
async function download(): Promise<Record<keyof typeof modules, string>> {
  const { code, stdout, stderr } = await new Deno.Command("go", {
    args: ["mod", "download", "-json", ...Object.values(modules)],
    cwd: await Deno.makeTempDir(),
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`go mod download: ${decoder.decode(stderr)}`);
  const folders = new Map(
    [...decoder.decode(stdout).matchAll(/\{[^}]*\}/g)].map(([text]) => {
      const { Path, Version, Dir } = JSON.parse(text) as Record<string, string>;
      return [`${Path}@${Version}`, Dir ?? ""];
    }),
  );
  return Object.fromEntries(
    Object.entries(modules).map(([name, module]) => [name, folders.get(module) ?? ""]),
  ) as Record<keyof typeof modules, string>;
}

async function readJson(path: string): Promise<Json> {
  return JSON.parse(await Deno.readTextFile(path)) as Json;
}

/* The Go types. */

/** A field of a Go structure, as far as JSON and protobuf depend on it. */
interface GoField {
  name: string;
  type: string;
  inline: boolean;
  pointer: boolean;
  omitsEmpty: boolean;
  omitsZero: boolean;
  number: number | undefined;
}

const goField =
  /^\s+(?:\w+\s+)?(\*?)([\w.[\]*]+)\s+`json:"([^"]*)"(?:[^`]*protobuf:"[^,]*,(\d+))?/gm;

/** Reads the structures of a Go package by name. */
async function goTypes(folder: string): Promise<Map<string, GoField[]>> {
  const types = new Map<string, GoField[]>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".go") || /_test\.go$|^zz_|^generated/.test(name)) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const [, type = "", body = ""] of text.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)) {
      types.set(
        type,
        [...body.matchAll(goField)].map(([, star, type = "", tag = "", number]) => {
          const [name = "", ...options] = tag.split(",");
          return {
            name,
            type,
            inline: options.includes("inline"),
            pointer: star === "*",
            omitsEmpty: options.includes("omitempty"),
            omitsZero: options.includes("omitzero"),
            number: number === undefined ? undefined : Number(number),
          };
        }),
      );
    }
  }
  return types;
}

/** Returns the fields of a structure as JSON has them: each with the numbers that lead to it. */
function jsonFields(
  types: ReadonlyMap<string, GoField[]>,
  type: string,
  path: readonly number[] = [],
): Map<string, GoField & { numbers: number[] }> {
  return new Map((types.get(type) ?? []).flatMap((field) => {
    const numbers = field.number === undefined ? [...path] : [...path, field.number];
    if (field.inline) return [...jsonFields(types, field.type, numbers)];
    return [[field.name, { ...field, numbers: field.number === undefined ? [] : numbers }]];
  }));
}

/* The definitions. */

const placeOf: readonly [RegExp, (found: RegExpExecArray) => [keyof typeof modules, string]][] = [
  [/^io\.k8s\.api\.(\w+)\.(\w+)\.\w+$/, ([, group, version]) => ["api", `${group}/${version}`]],
  [/^io\.k8s\.apimachinery\.(.*)\.\w+$/, ([, path = ""]) => [
    "apimachinery",
    path.replaceAll(".", "/"),
  ]],
];

/** The definitions of the OpenAPI document that some kinds need, each with what the Go types add. */
class Definitions {
  readonly all: Record<string, Definition> = {};
  readonly texts: Record<string, Record<string, string>> = {};
  readonly #packages = new Map<string, Map<string, GoField[]>>();

  constructor(
    private readonly published: Record<string, Json>,
    /** Defaults by structure and field: `io.k8s.api.core.v1.ContainerPort.protocol`. */
    private readonly defaults: ReadonlyMap<string, unknown>,
    private readonly folders: Record<keyof typeof modules, string>,
  ) {}

  async add(root: string): Promise<void> {
    const open = [root];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name in this.all) continue;
      const { description = "", properties, required, ...rest } = this.published[name] as {
        description?: string;
        properties?: Record<string, Json>;
        required?: string[];
      };
      const fields = await this.#goFields(name);
      const texts: Record<string, string> = { "": description };
      const described = Object.entries(properties ?? {}).map(
        ([key, { description, ...property }]) => {
          texts[key] = String(description ?? "");
          open.push(...references(property));
          const preset = this.defaults.get(`${name}.${key}`);
          return [key, {
            ...property as unknown as Property,
            ...(preset === undefined ? {} : { default: preset }),
            ...fromGo(fields.get(key), property),
          }];
        },
      );
      this.texts[name] = texts;
      this.all[name] = {
        ...withOneKind(rest as Definition),
        ...(properties === undefined ? {} : { properties: Object.fromEntries(described) }),
        ...(required === undefined ? {} : { required }),
      };
    }
  }

  async #goFields(name: string): Promise<ReturnType<typeof jsonFields>> {
    for (const [pattern, place] of placeOf) {
      const found = pattern.exec(name);
      if (found === null) continue;
      const [module, path] = place(found);
      const folder = `${this.folders[module]}/${path}`;
      let types = this.#packages.get(folder);
      if (types === undefined) this.#packages.set(folder, types = await goTypes(folder));
      return jsonFields(types, name.split(".").at(-1) ?? "");
    }
    return new Map();
  }
}

function references(value: unknown): string[] {
  if (!isRecord(value)) return [];
  const own = typeof value["$ref"] === "string" ? [nameOf(value["$ref"])] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

function nameOf(reference: string): string {
  return reference.slice("#/definitions/".length);
}

/** `DeleteOptions` is a kind of every group; the first is that of the core. */
function withOneKind(definition: Definition): Definition {
  const kinds = definition["x-kubernetes-group-version-kind"];
  return kinds === undefined || kinds.length < 2
    ? definition
    : { ...definition, "x-kubernetes-group-version-kind": [{ ...kinds[0]!, version: "v1" }] };
}

function fromGo(
  field: GoField & { numbers: number[] } | undefined,
  property: Json,
): Partial<Property> {
  // `apiVersion` and `kind` are in an envelope around the message.
  if (field === undefined) return {};
  const isStructure = typeof property["$ref"] === "string";
  return {
    ...(field.numbers.length === 0 ? {} : { numbers: field.numbers }),
    ...(field.pointer ? { pointer: true } : {}),
    ...(field.omitsEmpty ? {} : { always: true }),
    ...(isStructure && !field.pointer && !field.omitsZero ? { structure: true } : {}),
  } as Partial<Property>;
}

/** Returns the defaults that the documents of version 3 declare; those of Go itself are empty. */
async function declaredDefaults(folder: string): Promise<Map<string, unknown>> {
  const defaults = new Map<string, unknown>();
  for await (const { name } of Deno.readDir(folder)) {
    const { components } = await readJson(`${folder}/${name}`) as {
      components?: { schemas?: Record<string, { properties?: Record<string, Property> }> };
    };
    for (const [name, { properties = {} }] of Object.entries(components?.schemas ?? {})) {
      for (const [key, { default: value }] of Object.entries(properties)) {
        if (value && typeof value !== "object") defaults.set(`${name}.${key}`, value);
      }
    }
  }
  return defaults;
}

/* The kinds. */

interface DiscoveredKind {
  resource: string;
  singularResource: string;
  responseKind: { kind: string; group?: string; version?: string };
  scope: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: {
    subresource: string;
    responseKind: { kind: string; group?: string; version?: string };
    verbs: string[];
  }[];
}

/** The documents of discovery: the core group first, then the others in the order in which a server lists them. */
async function discoveredKinds(folder: string): Promise<PublishedKind[]> {
  const { resources } = await readJson(`${folder}/api__v1.json`) as {
    resources: (DiscoveredKind & {
      name: string;
      kind: string;
      singularName: string;
      namespaced: boolean;
      group?: string;
      version?: string;
    })[];
  };
  const core = resources.filter(({ name }) => !name.includes("/")).map((each) => ({
    ...each,
    resource: each.name,
    singularResource: each.singularName,
    responseKind: { kind: each.kind },
    scope: each.namespaced ? "Namespaced" : "Cluster",
    subresources: resources.filter(({ name }) => name.startsWith(`${each.name}/`)).map((below) => ({
      subresource: below.name.split("/")[1] ?? "",
      responseKind: {
        kind: below.kind,
        ...(below.group === undefined
          ? {}
          : { group: below.group, version: below.version ?? "v1" }),
      },
      verbs: below.verbs,
    })),
  }));
  const { items } = await readJson(`${folder}/aggregated_v2.json`) as {
    items: {
      metadata: { name: string };
      versions: { version: string; resources: DiscoveredKind[] }[];
    }[];
  };
  const groups = [
    { group: "", version: "v1", resources: core },
    ...items.map(({ metadata, versions: [first] }) => ({
      group: metadata.name,
      version: first?.version ?? "",
      resources: first?.resources ?? [],
    })),
  ];
  return groups.filter(({ group, version }) =>
    storedGroups.includes(group) && /^v\d+$/.test(version)
  )
    .flatMap(({ group, version, resources }) =>
      resources.filter(({ verbs }) => verbs.includes("create") && verbs.includes("watch"))
        .map((each) => publishedKind(group, version, each))
    );
}

function publishedKind(group: string, version: string, discovered: DiscoveredKind): PublishedKind {
  return {
    group,
    version,
    plural: discovered.resource,
    singular: discovered.singularResource,
    kind: discovered.responseKind.kind,
    namespaced: discovered.scope === "Namespaced",
    shortNames: discovered.shortNames ?? [],
    categories: discovered.categories ?? [],
    subresources: (discovered.subresources ?? []).map(({ subresource, responseKind, verbs }) => ({
      name: subresource,
      kind: responseKind.kind,
      ...(responseKind.group ? { group: responseKind.group } : {}),
      ...(responseKind.version ? { version: responseKind.version } : {}),
      verbs,
    })),
  };
}

/* Snapshots of volumes: kinds of CustomResourceDefinitions, whose structures have no names. */

interface CustomDefinition {
  spec: {
    group: string;
    names: { kind: string; plural: string; singular: string; shortNames: string[] };
    scope: string;
    versions: {
      name: string;
      schema: { openAPIV3Schema: Json };
      additionalPrinterColumns: PublishedKind["columns"];
      subresources?: { status?: unknown };
    }[];
  };
}

async function addCustom(path: string, definitions: Definitions): Promise<PublishedKind> {
  const [text = ""] = (await Deno.readTextFile(path)).split(/^---$/m).filter((each) => each.trim());
  const { group, names, scope, versions } = (parse(text) as CustomDefinition).spec;
  const version = versions.find(({ name }) => name === "v1")!;
  const name = `io.k8s.storage.snapshot.v1.${names.kind}`;
  addStructure(name, version.schema.openAPIV3Schema, definitions);
  definitions.all[name]!["x-kubernetes-group-version-kind"] = [{
    group,
    kind: names.kind,
    version: version.name,
  }];
  const { kind, plural, singular, shortNames } = names;
  return {
    group,
    version: version.name,
    plural,
    singular,
    kind,
    namespaced: scope === "Namespaced",
    shortNames,
    categories: [],
    subresources: version.subresources?.status === undefined
      ? []
      : [{ name: "status", kind, verbs: ["get", "patch", "update"] }],
    columns: version.additionalPrinterColumns!.map(({ name, type, jsonPath }) => ({
      name,
      type,
      jsonPath,
    })),
  };
}

function addStructure(name: string, schema: Json, definitions: Definitions): void {
  const texts: Record<string, string> = { "": String(schema["description"] ?? "") };
  const properties = Object.entries(schema["properties"] as Record<string, Json>).map(
    ([key, { description = "", properties, ...rest }]) => {
      texts[key] = String(description);
      if (key === "metadata") {
        return [key, { $ref: `#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` }];
      }
      if (rest["x-kubernetes-int-or-string"]) {
        return [key, { $ref: "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity" }];
      }
      if (rest["format"] === "date-time") {
        return [key, { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Time" }];
      }
      if (properties === undefined) {
        const { type, items, additionalProperties } = rest;
        return [
          key,
          JSON.parse(JSON.stringify({ type, items, additionalProperties, pointer: true })),
        ];
      }
      const below = `${name}${key[0]?.toUpperCase()}${key.slice(1)}`;
      addStructure(below, { properties, required: rest["required"], description }, definitions);
      return [key, { $ref: `#/definitions/${below}`, pointer: true }];
    },
  );
  const required = schema["required"] as string[] | undefined;
  definitions.texts[name] = texts;
  definitions.all[name] = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required === undefined ? {} : { required }),
  };
}

/** Writes an object with a line for each entry, so that versions of it can be compared. */
function lines(object: Record<string, unknown>): string {
  const sorted = Object.entries(object).toSorted(([a], [b]) => a < b ? -1 : 1);
  return `{\n${
    sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",\n")
  }\n}`;
}

if (import.meta.main) {
  const folders = await download();
  const api = `${folders.kubernetes}/api`;
  const swagger = await readJson(`${api}/openapi-spec/swagger.json`);
  const published = swagger["definitions"] as Record<string, Definition & Json>;
  const definitions = new Definitions(
    published,
    await declaredDefaults(`${api}/openapi-spec/v3`),
    folders,
  );
  const kinds = await discoveredKinds(`${api}/discovery`);
  for (const { group, version, kind } of kinds) {
    const name = Object.keys(published).find((each) =>
      published[each]?.["x-kubernetes-group-version-kind"]?.some((one) =>
        one.group === group && one.version === version && one.kind === kind
      )
    );
    await definitions.add(name ?? "");
  }
  for (const name of exchanged) await definitions.add(name);
  for (const kind of ["volumesnapshots", "volumesnapshotclasses"]) {
    const file = `${folders.snapshots}/config/crd/snapshot.storage.k8s.io_${kind}.yaml`;
    kinds.push(await addCustom(file, definitions));
  }
  const document: Record<keyof KubernetesApi, string> = {
    version: JSON.stringify(version),
    kinds: `[\n${kinds.map((kind) => JSON.stringify(kind)).join(",\n")}\n]`,
    definitions: lines(definitions.all),
  };
  const text = Object.entries(document).map(([key, value]) => `"${key}":${value}`).join(",\n");
  const target = new URL("../packages/cluster/kubernetes/", import.meta.url);
  await Deno.writeTextFile(new URL("api.json", target), `{\n${text}\n}\n`);
  await Deno.writeTextFile(new URL("texts.json", target), `${lines(definitions.texts)}\n`);
}
