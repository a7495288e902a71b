/** Returns the SHA-256 of a text, in hexadecimal digits. */
export async function sha256Of(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}
