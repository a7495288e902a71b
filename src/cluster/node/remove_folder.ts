/** Removes the remaining files of containers and the kernel. */
import { findTools, required } from "./tools.ts";

/** Removes a folder with all its contents; it need not exist. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    // The kernel's own folders in an overlay have no permissions at all, and a container may create such folders too.
    await new Deno.Command(required(await findTools(), "chmod"), {
      args: ["-R", "u+rwX", "--", folder],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    await Deno.remove(folder, { recursive: true });
  }
}
