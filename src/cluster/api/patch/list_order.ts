/** The order of a merged list: that of the writer, with the items that the writer didn't name put in between. */

/**
 * Orders `items`. Those that `wanted` names come in its order, the others in that of `before`; if the two conflict,
 * `before` decides which is first, and a named item that wasn't there before goes ahead.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function orderItems(
  items: readonly unknown[],
  order: { wanted: readonly unknown[]; before: readonly unknown[] },
  same: (a: unknown, b: unknown) => boolean,
): unknown[] {
  const place = (list: readonly unknown[], item: unknown) =>
    list.findIndex((each) => same(each, item));
  const sortedBy = (list: readonly unknown[], some: readonly unknown[]) =>
    some.toSorted((a, b) => place(list, a) - place(list, b));
  const isNamed = (item: unknown) => place(order.wanted, item) >= 0;
  const named = sortedBy(order.wanted, items.filter(isNamed));
  const others = sortedBy(order.before, items.filter((item) => !isNamed(item)));
  const ordered: unknown[] = [];
  for (const item of named) {
    const here = place(order.before, item);
    while (here >= 0 && others.length > 0 && place(order.before, others[0]) < here) {
      ordered.push(others.shift());
    }
    ordered.push(item);
  }
  return [...ordered, ...others];
}
