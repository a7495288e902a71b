/**
 * Executable files of tests. No system runs a file that a process has open for writing, and a child of this process
 * has everything open that this process has, from its fork until its own program starts: a file that was written here
 * can't be run (`Text file busy`) while another test starts a process. So a process of its own writes it.
 */

/** Writes an executable file, which a command can run from now on; a file that exists is overwritten. */
export async function writeProgram(
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = new Deno.Command("sh", {
    args: ["-c", 'cat > "$1" && chmod 755 "$1"', "sh", path],
    env: { PATH: "/usr/bin:/bin" },
    ...{ stdin: "piped", stdout: "null", stderr: "inherit" },
  }).spawn();
  await new Response(content).body?.pipeTo(writer.stdin);
  const { success } = await writer.status;
  if (!success) throw new Error(`${path} can't be written`);
}
