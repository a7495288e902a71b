/**
 * What looks like a secret in the words of a command, taken out before they are kept. Names tell: the value of
 * `--db-password=…`, `--token …`, `API_KEY=…`, `X-Auth-Token: …`, `"password": …`, a bearer token, the password of a URL.
 */

/** What stands in the place of a secret. */
export const redactedText = "[redacted]";

/** Words as they may be kept, and what was taken out of them. */
export interface Redaction {
  words: string[];
  secrets: string[];
}

/** Bounded around the word that tells, so that a long text of such words takes no time by the square of its length. */
const secretName =
  "[\\w.-]{0,100}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\\w.-]{0,100}";

/** In quotes (a shell's word may be several of them, with `\\'` between), or up to a blank. What begins with `$` is the name of a secret, and not one. */
const value = `("[^"$][^"]*"|'[^']+'(?:\\\\''[^']*')*|[^\\s"'$][^\\s"']*)`;

/** Each keeps its first group and takes out its second. */
const inText: readonly RegExp[] = [
  new RegExp(`((?:^|[\\s"'=])-{0,2}${secretName}=)${value}`, "gi"),
  new RegExp(`((?:^|\\s)--?${secretName}\\s+)${value}`, "gi"),
  // A header or a line of YAML has a blank behind its colon, where an image's tag has none; a field of JSON has quotes.
  new RegExp(`((?:^|[\\s"'])${secretName}:[ \\t]+)${value}`, "gi"),
  new RegExp(`(["']${secretName}["']\\s*:\\s*)${value}`, "gi"),
  /(authorization:\s*(?:(?:basic|digest|token)\s+)?)(?!(?:basic|bearer|digest|token)\s)([^\s"'$][^\s"']*)/gi,
  /(\bbearer\s+)([^\s"'$][^\s"']*)/gi,
  /(\w:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/g,
];

/** A flag whose next word is its value. */
const secretFlag = new RegExp(`^--?${secretName}$`, "i");

/** Takes out what looks like a secret. */
export function redact(words: readonly string[]): Redaction {
  const secrets: string[] = [];
  const kept = words.map((word, at) => {
    const before = words[at - 1];
    const isValue = before !== undefined && secretFlag.test(before) && !/^[-$]|^$/.test(word);
    if (!isValue) return redactText(word, secrets);
    secrets.push(word);
    return redactedText;
  });
  return { words: kept, secrets };
}

function redactText(word: string, secrets: string[]): string {
  return inText.reduce(
    (text, pattern) =>
      text.replace(pattern, (whole, name: string, secret: string) => {
        if (secret === redactedText) return whole;
        secrets.push(secret.replace(/^(["'])(.*)\1$/s, "$2"));
        return `${name}${redactedText}`;
      }),
    word,
  );
}

/** A text without the secrets that were found: a server may repeat the words of a command in its error. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((kept, secret) => kept.replaceAll(secret, redactedText), text);
}
