import assert from "node:assert/strict";
import fc from "fast-check";
import { LineStore, windowOf } from "./line_store.ts";

Deno.test("`LineStore` has the newest lines, and shows those of the filter, in any order of calls", () => {
  const step = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 30 }),
    fc.constantFrom("even", "all"),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const store = new LineStore<number>(40);
    const all: number[] = [];
    let isEven = false;
    for (const one of steps) {
      if (typeof one === "string") {
        isEven = one === "even";
        store.filter(isEven ? (line) => line % 2 === 0 : undefined);
      } else {
        const before = store.shown.length;
        const added = one.filter((line) => !isEven || line % 2 === 0).length;
        const dropped = store.add(one);
        assert.equal(store.shown.length, before + added - dropped);
        all.push(...one);
      }
      assert.ok(store.count <= 40);
      assert.equal(store.count + store.dropped, all.length);
      const stored = all.slice(store.dropped);
      assert.deepEqual(store.shown, isEven ? stored.filter((line) => line % 2 === 0) : stored);
    }
  }));
});

Deno.test("`windowOf()` draws what is on the screen, and never more than that and the margin", () => {
  fc.assert(fc.property(
    fc.record({
      count: fc.nat(200_000),
      top: fc.integer({ min: -50, max: 4_000_000 }),
      height: fc.nat(2000),
    }),
    ({ count, top, height }) => {
      const rowHeight = 18;
      const { start, end } = windowOf(count, { top, height, rowHeight });
      assert.ok(start >= 0 && end <= count && start <= end);
      assert.ok(end - start <= height / rowHeight + 42);
      const firstVisible = Math.floor(top / rowHeight);
      if (firstVisible >= 0 && firstVisible < count) {
        assert.ok(start <= firstVisible && firstVisible < end);
      }
    },
  ));
});
