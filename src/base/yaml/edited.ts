/**
 * The document of a text that differs from an earlier text within an item of a list: only that item is parsed. An
 * editor sends the whole text at each key, and parsing is most of the cost of a check.
 */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Pair,
  Scalar,
  YAMLMap,
  YAMLSeq,
} from "yaml";

/** A text, and its parsed document. */
export interface ParsedText {
  readonly text: string;
  readonly document: Document.Parsed;
  /** Plain data. */
  readonly plain: unknown;
}

/** Lines of a text that are items of the list `key`, which is a field at the top. */
interface ItemLines {
  readonly key: string;
  /** The index of the item that the lines were before. */
  readonly index: number;
  /** Offsets in the new text. */
  readonly start: number;
  readonly end: number;
}

/**
 * Returns the result of a parse of the text; undefined if that needs a whole parse. Neither text has an alias, whose
 * anchor may be anywhere.
 *
 * @param parse parses a text as a file of its own; undefined if it isn't YAML, or has an alias.
 */
export function editedDocument(
  before: ParsedText,
  text: string,
  parse: (text: string) => ParsedText | undefined,
): ParsedText | undefined {
  const lines = changedItem(before, text);
  if (lines === undefined) return undefined;
  const { key, index, start, end } = lines;
  const region = text.slice(start, end);
  // A document that ends in the item has no text behind it.
  if (/^(?:---|\.\.\.)/m.test(region)) return undefined;
  // With its field above it, an item has the same indentation and depth as in the file.
  const heading = "list:\n";
  const part = parse(`${heading}${region}`);
  if (part === undefined || !isOneList(part.document)) return undefined;
  const read = moved(part.document.contents as YAMLMap.Parsed as YAMLMap, start - heading.length);
  const plainItems = (part.plain as { list: unknown[] }).list;
  const { document, plain } = before;
  const plainList = (plain as Record<string, unknown[]>)[key] ?? [];
  return {
    text,
    document: withItems(document, { key, index, read, by: text.length - before.text.length }),
    plain: { ...plain as object, [key]: plainList.toSpliced(index, 1, ...plainItems) },
  };
}

/** Returns the lines of the item in which all of the changes are; undefined if they aren't in a single item. */
function changedItem({ text: old, document }: ParsedText, text: string): ItemLines | undefined {
  const by = text.length - old.length;
  let first = 0;
  const shorter = Math.min(old.length, text.length);
  while (first < shorter && old[first] === text[first]) first++;
  let last = old.length;
  while (last > first && last + by > first && old[last - 1] === text[last + by - 1]) last--;
  // A directive, or a mark at the start of the file, changes how all of it is read.
  if (!isMap(document.contents) || /^[%\uFEFF]/m.test(text)) return undefined;
  const pairs = document.contents.items;
  const starts = pairs.map(({ key }) => startOf(key));
  if (starts.some((start) => start === undefined || start > 0 && old[start - 1] !== "\n")) {
    return undefined;
  }
  for (const [at, { key, value }] of pairs.entries()) {
    const behind = starts[at + 1] ?? old.length;
    const isLast = at === pairs.length - 1;
    if (first >= behind && !isLast) continue;
    if (
      !isScalar<string>(key) || typeof key.value !== "string" || !isSeq(value) ||
      value.flow === true
    ) return undefined;
    const items = value.items.map((item) => itemStart(old, item));
    if (items.includes(undefined)) return undefined;
    const index = items.findLastIndex((start) => start !== undefined && start < first);
    const [start, end = behind] = [items[index], items[index + 1]];
    if (start === undefined || last > end) return undefined;
    // The dash before the item and the end of its last line aren't changed.
    const isWhole = end === old.length || text[end + by - 1] === "\n";
    if (first < old.indexOf("- ", start) + 2 || !isWhole) return undefined;
    return { key: key.value, index, start, end: end + by };
  }
  return undefined;
}

/** Returns the start of the line of an item that begins on the line of its dash. */
function itemStart(text: string, item: unknown): number | undefined {
  const start = startOf(item);
  if (start === undefined) return undefined;
  const line = text.lastIndexOf("\n", start - 1) + 1;
  return /^ *- +$/.test(text.slice(line, start)) ? line : undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** Returns whether a document consists of a field with a block list. */
function isOneList({ contents }: Document.Parsed): boolean {
  if (!isMap(contents) || contents.items.length !== 1) return false;
  const value = contents.items[0]?.value;
  return isSeq(value) && value.items.length > 0 && value.flow !== true;
}

/** Returns the document with the items of `read` in place of an item; the items behind it are moved. */
function withItems(
  document: Document.Parsed,
  { key, index, read, by }: { key: string; index: number; read: YAMLMap; by: number },
): Document.Parsed {
  const map = document.contents as YAMLMap.Parsed as YAMLMap;
  const at = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  const part = read.items[0]?.value as YAMLSeq;
  const list = map.items[at]?.value as YAMLSeq;
  const behind = list.items.slice(index + 1).map((item) => moved(item as Node, by));
  const isLast = behind.length === 0;
  const edited = copied(new YAMLSeq(list.schema), list, 0);
  edited.items = [...list.items.slice(0, index), ...part.items, ...behind];
  edited.range = endingAs(isLast ? movedRange(part, 0) : movedRange(list, by), list);
  const contents = copied(new YAMLMap(map.schema), map, 0);
  contents.items = [
    ...map.items.slice(0, at),
    new Pair(map.items[at]?.key, edited),
    ...map.items.slice(at + 1).map((pair) => movedPair(pair, by)),
  ];
  const isEnd = isLast && at === map.items.length - 1;
  contents.range = endingAs(isEnd ? movedRange(read, 0) : movedRange(map, by), map);
  const whole: Document = Object.create(
    Object.getPrototypeOf(document),
    Object.getOwnPropertyDescriptors(document),
  );
  whole.contents = contents;
  return whole as Document.Parsed;
}

/** Returns a copy of a node at another offset: of the same class, which the casts to `N` state. */
function moved<N extends Node | null>(node: N, by: number): N {
  if (by === 0) return node;
  if (isScalar(node)) return copied(new Scalar(node.value), node, by) as unknown as N;
  if (isMap(node)) {
    const map = copied(new YAMLMap(node.schema), node, by);
    map.items = node.items.map((pair) => movedPair(pair, by));
    return map as unknown as N;
  }
  if (isSeq(node)) {
    const list = copied(new YAMLSeq(node.schema), node, by);
    list.items = node.items.map((item) => moved(item as Node, by));
    return list as unknown as N;
  }
  return node;
}

function movedPair({ key, value }: Pair, by: number): Pair {
  return new Pair(moved(key as Node, by), moved(value as Node | null, by));
}

/** Gives a new node the properties of another, at another offset. */
function copied<N extends Scalar | YAMLMap | YAMLSeq>(to: N, from: Node, by: number): N {
  Object.assign(to, from);
  to.range = movedRange(from, by);
  return to;
}

/** Offsets of a node: its start, the end of its value, and the end of its comments. */
type Extent = NonNullable<Node["range"]>;

function movedRange({ range }: Node, by: number): Extent {
  const [start, end, behind] = range ?? [0, 0, 0];
  return [start + by, end + by, behind + by];
}

/** Returns the range of a collection whose end has changed. */
function endingAs([, end, behind]: Extent, { range: before }: Node): Extent {
  return [before?.[0] ?? 0, end, behind];
}
