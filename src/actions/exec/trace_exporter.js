/**
 * The program of the process that exports a trace, by Deno's own exporter, which flushes at the exit. Standard input has
 * the spans as JSON, each after its parent, and the span that the first one belongs to.
 */
const { spans, parent } = await new Response(Deno.stdin.readable).json();
const tracer = Deno.telemetry.tracerProvider.getTracer("kodama");
const spanKey = Symbol.for("OpenTelemetry Context Key SPAN");
const inside = (around) => ({
  getValue: (key) => key === spanKey ? { spanContext: () => around } : undefined,
});
const remote = parent && { ...parent, traceFlags: 1, isRemote: true };
const contexts = [];
for (const { name, parent: index, startMs, endMs, attributes, error } of spans) {
  const around = index === undefined ? remote : contexts[index];
  const options = { startTime: startMs, attributes, root: around === undefined };
  const span = tracer.startSpan(name, options, around && inside(around));
  span.setStatus(error === undefined ? { code: 1 } : { code: 2, message: error });
  span.end(endMs);
  contexts.push(span.spanContext());
}
