/** Resolves a container's image, with retries while this node doesn't have it. */
import { BackOff } from "./back_off.ts";
import { parseReference, type ResolvedImage } from "./images.ts";
import type { PodContext } from "./pod_context.ts";

/** The kubelet shows the error itself until it next syncs the pod. */
const errorShownMs = 1000;

/** How the attempts of one container are reported. */
export interface PullReport {
  /** Reports that the container waits, for this reason. */
  wait(reason: string, message: string): void;
  event(type: "Normal" | "Warning", reason: string, message: string): void;
}

/** The image of one container. */
export class ImagePull {
  readonly #failures = new BackOff();

  constructor(
    private readonly context: PodContext,
    private readonly text: string,
    private readonly report: PullReport,
  ) {}

  /** Returns the image; or undefined after the wait that the failure requires. */
  async attempt(signal: AbortSignal): Promise<ResolvedImage | undefined> {
    const image = this.context.images.resolve(this.text);
    if (image === undefined) {
      await this.#fail(signal);
      return undefined;
    }
    this.#failures.reset();
    const notice = image.image.notice === undefined ? "" : ` (${image.image.notice})`;
    const message = `Container image "${this.text}" already present on machine${notice}`;
    this.report.event("Normal", "Pulled", message);
    return image;
  }

  async #fail(signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    const delay = this.#failures.next(clock.now(), { immediateFirst: false });
    const parsed = parseReference(this.text);
    if (parsed === undefined) {
      const message = `Failed to apply default image tag "${this.text}": ` +
        `couldn't parse image name "${this.text}": invalid reference format`;
      this.report.event("Warning", "InspectFailed", message);
      this.report.wait("InvalidImageName", message);
      return await clock.wait(delay, signal);
    }
    this.#tellPull(`${parsed.repository}:${parsed.tag}`);
    await clock.wait(errorShownMs, signal);
    const held = `Back-off pulling image "${this.text}"`;
    this.report.event("Normal", "BackOff", held);
    this.report.event("Warning", "Failed", "Error: ImagePullBackOff");
    this.report.wait("ImagePullBackOff", held);
    await clock.wait(delay, signal);
  }

  #tellPull(name: string): void {
    const message =
      `rpc error: code = NotFound desc = failed to pull and unpack image "${name}": ` +
      `failed to resolve reference "${name}": ${name}: not found`;
    this.report.event("Normal", "Pulling", `Pulling image "${this.text}"`);
    this.report.event("Warning", "Failed", `Failed to pull image "${this.text}": ${message}`);
    this.report.event("Warning", "Failed", "Error: ErrImagePull");
    this.report.wait("ErrImagePull", message);
  }
}
