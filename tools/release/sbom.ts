/**
 * The bill of materials: which packages, in which versions, are in the files of a release.
 *
 * CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/
 */
import type { DebianPart } from "./oci_image.ts";
import type { Runtime } from "./deno_runtime.ts";

/** A package whose code is in the bundle. */
export interface BundledPackage {
  name: string;
  version: string;
  /** SPDX's name of its licence; undefined if the package names none. */
  license: string | undefined;
  /** As in `deno.lock`: `sha512-` and the checksum in base64. */
  integrity: string;
}

interface Component {
  type: "application" | "library";
  name: string;
  version: string;
  purl: string;
  "bom-ref": string;
  hashes?: { alg: "SHA-512"; content: string }[];
  licenses?: ({ license: { id: string } } | { expression: string })[];
  properties?: { name: string; value: string }[];
}

/** Returns the document: kodama, the packages in its bundle, the Denos, and what the image has of Debian. */
export function billOfMaterials(
  version: string,
  { packages, kubernetes, runtimes, debian }: {
    packages: readonly BundledPackage[];
    /** The declarations of Kubernetes' API. */
    kubernetes: Pick<BundledPackage, "name" | "version" | "license">;
    runtimes: readonly Runtime[];
    debian: readonly DebianPart[];
  },
): string {
  const components = [
    ...packages.map((found) => npmComponent(found, "every package")),
    goComponent(kubernetes, "every package"),
    ...runtimes.map((runtime) =>
      npmComponent({ ...runtime, license: "MIT" }, "single file, Debian package, image")
    ),
    ...debian.map(debianComponent),
  ];
  const root = `pkg:generic/kodama@${version}`;
  return `${
    JSON.stringify(
      {
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        version: 1,
        metadata: {
          component: {
            type: "application",
            name: "kodama",
            version,
            purl: root,
            "bom-ref": root,
            licenses: [{ license: { id: "MIT" } }],
          },
        },
        components,
        dependencies: [{ ref: root, dependsOn: components.map(({ purl }) => purl) }],
      },
      null,
      2,
    )
  }\n`;
}

function npmComponent(
  { name, version, license, integrity }: BundledPackage,
  where: string,
): Component {
  // https://github.com/package-url/purl-spec: the @ of a scope is encoded.
  const purl = `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
  const content = Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
  return {
    type: "library",
    name,
    version,
    purl,
    "bom-ref": purl,
    hashes: [{ alg: "SHA-512", content }],
    ...(license === undefined ? {} : { licenses: [licenceChoice(license)] }),
    properties: [{ name: "kodama:in", value: where }],
  };
}

function goComponent(
  { name, version, license }: Pick<BundledPackage, "name" | "version" | "license">,
  where: string,
): Component {
  const purl = `pkg:golang/${name}@v${version}`;
  return {
    type: "library",
    name,
    version,
    purl,
    "bom-ref": purl,
    ...(license === undefined ? {} : { licenses: [licenceChoice(license)] }),
    properties: [{ name: "kodama:in", value: where }],
  };
}

/** A single name is an id; `MIT OR Apache-2.0` is an expression. */
function licenceChoice(license: string): { license: { id: string } } | { expression: string } {
  return /^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license };
}

function debianComponent({ name, version }: DebianPart): Component {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}`;
  const properties = [{ name: "kodama:in", value: "image" }];
  return { type: "library", name, version, purl, "bom-ref": purl, properties };
}
