/** The language of this project's texts, counted: which words stand for which, and which aren't used. */
import { type Fragment, identifierWords } from "./source_text.ts";

/** A word whose rate tells how near the comments are to those of other projects of the field. */
export interface Rate {
  readonly name: string;
  readonly pattern: RegExp;
  /** Per 10,000 words of comments: the least or the greatest rate that is fine. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** For comparison, gh, mutagen and Deno's std: `if` 87–117, `return` 41–80, `where` for `if` 1–3. */
export const rates: readonly Rate[] = [
  {
    name: "where, for if",
    pattern: /\bwhere (?:there|it|they|no|none|the|one|a|an|that|this|nothing|kodama)\b/gi,
    atMost: 5,
  },
  { name: "if", pattern: /\bif\b/gi, atLeast: 60 },
  { name: "return(s)", pattern: /\breturns?\b/gi, atLeast: 30 },
  {
    name: "what is/it/they …",
    pattern: /\bwhat (?:is|isn't|was|it|they|comes|goes|has|one|can|can't)\b/gi,
    atMost: 20,
  },
  { name: "told, tell(s)", pattern: /\b(?:un)?told\b|\btell(?:s|ing)?\b/gi, atMost: 3 },
  { name: "said, say(s)", pattern: /\b(?:un)?said\b|\bsay(?:s|ing)?\b/gi, atMost: 4 },
  { name: "nobody, somebody", pattern: /\b(?:nobody|somebody)\b/gi, atMost: 2 },
  {
    name: "who(ever) without a noun",
    pattern: /(?:^|[.:;] )who(?:m|se)? |\bwho(?:so|m)?ever\b|\b(?:for|to|by|if|and) who\b/gi,
    atMost: 2,
  },
  { name: "stand(s), stood", pattern: /\b(?:stands?|stood)\b/gi, atMost: 3 },
  { name: "begin(s), began", pattern: /\b(?:begin(?:s|ning)?|began|begun)\b/gi, atMost: 5 },
  { name: "go(es) on", pattern: /\b(?:go|goes|went|gone|going) on\b/gi, atMost: 2 },
  { name: "word(s)", pattern: /\bwords?\b/gi, atMost: 6 },
  { name: "place(s)", pattern: /\bplaces?\b/gi, atMost: 4 },
  { name: "anew, alike", pattern: /\b(?:anew|alike)\b/gi, atMost: 1 },
  { name: "must, should", pattern: /\b(?:must|should)\b/gi },
  { name: "because, since", pattern: /\b(?:because|since)\b/gi },
  { name: "instead, currently", pattern: /\b(?:instead|currently)\b/gi },
  { name: "error(s)", pattern: /\berrors?\b/gi },
];

/** Words of identifiers that mean too much, with the ones to use: `deno task english` counts them by module. */
export const vagueWords: Readonly<Record<string, string>> = {
  told: "report, notify, log, events",
  tell: "report, notify, log",
  place: "path, scope, location, index",
  places: "paths, scopes, locations",
  word: "argument, keyword, text",
  words: "args, argv, message, text",
  kept: "stored, saved, retained, persistent",
  far: "remote",
  wish: "request, options",
  wanted: "requested, desired",
  asked: "requested",
  meant: "requested, selected",
  said: "message, output",
  says: "message, states",
  left: "remaining, exited, omitted",
  rest: "remaining, tail",
  look: "stat, inspect, poll, snapshot",
  looked: "inspected",
  begin: "start",
  began: "started",
  begun: "started",
  settled: "resolved, fixed",
  world: "environment",
  stage: "context, environment",
  scene: "fixture",
  gone: "missing, ended",
  patience: "retry policy",
  hopeless: "given up",
  nobody: "none",
};

/** An expression that no text, or no identifier, of this project uses. */
export interface Denied {
  readonly name: string;
  readonly in: readonly Fragment["kind"][];
  readonly pattern: RegExp;
}

const prose = ["comment", "text", "page"] as const;
const everywhere = [...prose, "identifier"] as const;

/** `tests/english_test.ts` fails if one of these is used more often than `tests/english.json` allows. */
export const denied: readonly Denied[] = [
  { name: "told", in: everywhere, pattern: /\b(?:un)?told\b/gi },
  { name: "anew", in: everywhere, pattern: /\banew\b/gi },
  { name: "alike", in: everywhere, pattern: /\balike\b/gi },
  { name: "whoever", in: everywhere, pattern: /\bwho(?:so|m)?ever\b/gi },
  { name: "nobody", in: everywhere, pattern: /\b(?:nobody|somebody)\b/gi },
  { name: "in vain", in: everywhere, pattern: /\bin vain\b/gi },
  { name: "hopeless", in: everywhere, pattern: /\bhopeless\b/gi },
  { name: "patience", in: everywhere, pattern: /\bpatience\b/gi },
  { name: "so many, so long", in: prose, pattern: /\bso (?:many|long)\b(?! (?:as|that))/gi },
  { name: "X is no Y", in: prose, pattern: /(?<!\bthere )\bis no (?!longer|more\b|less\b)/gi },
  {
    // "Of a cell." above a constant: a reader has to find out what it is that is of a cell.
    name: "comment without its subject",
    in: ["comment"],
    pattern: /^(?:Of|By(?! default)|Whose|Beside) /g,
  },
  { name: "far, for remote", in: ["identifier"], pattern: /\bfar\b/gi },
  { name: "go on, for resume", in: ["identifier"], pattern: /\b(?:go|goes|gone) on\b/gi },
  { name: "may pass", in: ["identifier"], pattern: /\bmay pass\b/gi },
];

/** Returns the comment's text without code in backquotes, which is not English. */
function withoutCode(text: string): string {
  return text.replaceAll(/`[^`]*`/g, "``");
}

/** Returns the names of the denied expressions in a fragment, one for each use. */
export function deniedIn(fragment: Fragment): readonly string[] {
  if (fragment.kind !== "identifier") return namesIn(fragment.kind, withoutCode(fragment.text));
  let names = inIdentifiers.get(fragment.text);
  if (names === undefined) {
    names = namesIn("identifier", identifierWords(fragment.text).join(" "));
    inIdentifiers.set(fragment.text, names);
  }
  return names;
}

/** What was found in identifiers, most of which occur many times. */
const inIdentifiers = new Map<string, readonly string[]>();

function namesIn(kind: Fragment["kind"], text: string): string[] {
  return denied.filter((entry) => entry.in.includes(kind)).flatMap((entry) =>
    Array<string>(text.match(entry.pattern)?.length ?? 0).fill(entry.name)
  );
}

/** Counts the words of comments and how many of them match each of `rates`. */
export class CommentCounts {
  words = 0;
  readonly matches = new Map<Rate, number>();

  add(comment: string): void {
    const text = withoutCode(comment);
    this.words += text.match(/[A-Za-z'’]+/g)?.length ?? 0;
    for (const rate of rates) {
      const count = text.match(rate.pattern)?.length ?? 0;
      this.matches.set(rate, (this.matches.get(rate) ?? 0) + count);
    }
  }

  /** Returns how often the words of `rate` occur per 10,000 words; 0 if there are no comments. */
  per10k(rate: Rate): number {
    return this.words === 0 ? 0 : (this.matches.get(rate) ?? 0) * 10_000 / this.words;
  }
}
