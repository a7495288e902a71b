/**
 * Images: folders with an `image.json` and, if the image has files of its own, a `rootfs/`. A reference
 * (`quay.io/weka.io/weka-in-container:4.4.2`) is resolved by its repository's last part, or by the whole repository if
 * an image names one.
 */
import * as v from "valibot";

const imageFile = v.strictObject({
  /** Repositories it answers to: `busybox`, or `quay.io/acme/tool` for that registry's alone. */
  names: v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1)),
  /** `host`: the machine's own programs are visible beneath the image's files. `scratch`: nothing else is. */
  base: v.picklist(["host", "scratch"]),
  env: v.optional(v.record(v.string(), v.string()), {}),
  entrypoint: v.optional(v.array(v.string()), []),
  cmd: v.optional(v.array(v.string()), []),
  workingDir: v.optional(v.pipe(v.string(), v.startsWith("/")), "/"),
  /** The image has no program that could be the main process: the runtime adds one that waits. */
  pause: v.optional(v.boolean(), false),
  /** The variable that gives a container the tag of its image, so that one image can represent every version. */
  tagVariable: v.optional(v.string()),
  /** A note for the user, reported in the pod's events. */
  notice: v.optional(v.string()),
});

/** An image that this node has. */
export interface Image extends v.InferOutput<typeof imageFile> {
  /** Absolute path of its own files, if it has any. */
  rootfs: string | undefined;
  /** sha256 over its description, in hexadecimal: enough to distinguish two images. */
  digest: string;
}

/** An image as a pod requested it. */
export interface ResolvedImage {
  image: Image;
  /** As status shows it: `docker.io/library/busybox:1.36`. */
  reference: string;
  /** `docker.io/library/busybox@sha256:…` */
  id: string;
  tag: string;
}

/** A reference in its parts. https://pkg.go.dev/github.com/distribution/reference */
interface ImageReference {
  repository: string;
  tag: string;
}

const referencePattern =
  /^((?:[a-zA-Z0-9][\w.-]*(?::\d+)?\/)?[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*)(?::([\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?$/;

/** Splits a reference, filling in the default registry and tag of a runtime. Returns undefined if it isn't one. */
export function parseReference(text: string): ImageReference | undefined {
  const match = referencePattern.exec(text);
  const path = match?.[1];
  if (path === undefined) return undefined;
  const [first = "", ...rest] = path.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const repository = named
    ? path
    : rest.length > 0
    ? `docker.io/${path}`
    : `docker.io/library/${path}`;
  return { repository, tag: match?.[2] ?? "latest" };
}

/** The images of some folders. A later folder's image takes precedence over an earlier one's. */
export class ImageStore {
  readonly #byName = new Map<string, Image>();

  constructor(images: Iterable<Image>) {
    for (const image of images) {
      for (const name of image.names) this.#byName.set(name, image);
    }
  }

  /** Returns the image that a pod's text names, or undefined if this node doesn't have it. */
  resolve(text: string): ResolvedImage | undefined {
    const parsed = parseReference(text);
    if (parsed === undefined) return undefined;
    const { repository, tag } = parsed;
    const image = this.#byName.get(repository) ??
      this.#byName.get(repository.slice(repository.lastIndexOf("/") + 1));
    if (image === undefined) return undefined;
    return {
      image,
      tag,
      reference: `${repository}:${tag}`,
      id: `${repository}@sha256:${image.digest}`,
    };
  }
}

/** Reads every image below the given folders. Throws with the file's name if one isn't valid. */
export async function loadImages(roots: readonly string[]): Promise<ImageStore> {
  const images: Image[] = [];
  for (const root of roots) {
    const folders: string[] = [];
    for await (const entry of Deno.readDir(root)) {
      if (entry.isDirectory) folders.push(entry.name);
    }
    for (const name of folders.sort()) images.push(await loadImage(`${root}/${name}`));
  }
  return new ImageStore(images);
}

async function loadImage(folder: string): Promise<Image> {
  const path = `${folder}/image.json`;
  const text = await Deno.readTextFile(path);
  let described: v.InferOutput<typeof imageFile>;
  try {
    described = v.parse(imageFile, JSON.parse(text));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`${path}: ${error.message}`, { cause: error });
  }
  const rootfs = await folderAt(`${folder}/rootfs`);
  const hash = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
  );
  return { ...described, rootfs, digest: hash.toHex() };
}

async function folderAt(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? await Deno.realPath(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
