/* Plugins for the panes of kodama and KubeTile, in C. It needs no library:
 *
 *     clang --target=wasm32 -O2 -mbulk-memory -nostdlib -Wl,--no-entry -o plugin.wasm plugin.c
 *
 * A plugin defines kubetile_command(), reads values with json_…() and shows lines with line_…(). Include this file once.
 * Each import that needs a permission is in the module only if the plugin calls it.
 */
#ifndef KUBETILE_H
#define KUBETILE_H

#define KUBETILE_IMPORT(name) __attribute__((import_module("kubetile"), import_name(name)))
#define KUBETILE_EXPORT(name) __attribute__((export_name(name)))

/* Sizes in bytes; define others before the include. */
#ifndef KUBETILE_PAYLOAD
#define KUBETILE_PAYLOAD (64 * 1024)
#endif
#ifndef KUBETILE_ANSWER
#define KUBETILE_ANSWER (1024 * 1024)
#endif

/* Of the host. Results are docs/plugins.md's: the length of an answer, or -1. */
KUBETILE_IMPORT("host_send_render") void host_send_render(const char *lines, int length);
KUBETILE_IMPORT("host_last_error") int host_last_error(char *out, int capacity);
KUBETILE_IMPORT("list_pods") int list_pods(const char *request, int length, char *out, int capacity);
KUBETILE_IMPORT("get_secrets") int get_secrets(const char *request, int length, char *out, int capacity);
KUBETILE_IMPORT("clipboard_write") int clipboard_write(const char *text, int length);

/* A part of a JSON text; its start is 0 if there is none. */
struct json {
  const char *start, *end;
};

/* Defined by the plugin: gets each command, and returns 0, or another number to fail. */
static int kubetile_command(struct json command);

static char kubetile_payload[KUBETILE_PAYLOAD], kubetile_answer[KUBETILE_ANSWER], kubetile_screen[KUBETILE_PAYLOAD];
static int kubetile_used;

KUBETILE_EXPORT("plugin_alloc") char *plugin_alloc(int length) {
  return length <= KUBETILE_PAYLOAD ? kubetile_payload : (char *)-1;
}

KUBETILE_EXPORT("plugin_on_command") int plugin_on_command(const char *text, int length) {
  return kubetile_command((struct json){text, text + length});
}

/* JSON: what the host sends is valid, and without spaces between its parts. */

/* Returns the end of the value that starts here. */
static const char *json_skip(const char *at, const char *end) {
  int depth = 0, quoted = 0;
  for (; at < end; at++) {
    if (quoted) {
      if (*at == '\\') at++;
      else if (*at == '"') quoted = 0;
    } else if (*at == '"') quoted = 1;
    else if (*at == '{' || *at == '[') depth++;
    else if ((*at == '}' || *at == ']') && --depth < 0) return at;
    else if (*at == ',' && depth == 0) return at;
  }
  return at < end ? at : end;
}

/* Returns the element of a list after another one; the first one after {0, 0}. */
static inline struct json json_next(struct json list, struct json element) {
  const char *at = element.start == 0 ? list.start : element.end;
  if (at >= list.end || (element.start == 0 && *at != '[') || (element.start != 0 && *at != ',')) return (struct json){0, 0};
  const char *end = json_skip(at + 1, list.end);
  return end == at + 1 ? (struct json){0, 0} : (struct json){at + 1, end};
}

/* Returns whether a value is this text. */
static inline int json_is(struct json value, const char *text) {
  const char *at = value.start;
  if (at == 0 || *at++ != '"') return 0;
  while (at < value.end && *text != 0 && *at == *text) at++, text++;
  return *text == 0 && at < value.end && *at == '"';
}

/* Returns the value of an object's field. */
static inline struct json json_field(struct json object, const char *name) {
  const char *at = object.start;
  if (at == 0 || *at != '{') return (struct json){0, 0};
  while (++at < object.end && *at == '"') {
    const char *colon = at + 1;
    while (colon < object.end && *colon != '"') colon += *colon == '\\' ? 2 : 1;
    colon++;
    const char *end = json_skip(colon + 1, object.end);
    if (json_is((struct json){at, colon}, name)) return (struct json){colon + 1, end};
    at = end;
  }
  return (struct json){0, 0};
}

/* Returns a whole number; 0 if it isn't one. */
static inline int json_number(struct json value) {
  int number = 0, negative = value.start != 0 && value.start < value.end && *value.start == '-';
  for (const char *at = value.start + negative; value.start != 0 && at < value.end && *at >= '0' && *at <= '9'; at++)
    number = number * 10 + (*at - '0');
  return negative ? -number : number;
}

/* Returns whether two values are the same text. */
static inline int json_same(struct json one, struct json other) {
  if (one.end - one.start != other.end - other.start) return 0;
  for (int at = 0; at < one.end - one.start; at++)
    if (one.start[at] != other.start[at]) return 0;
  return 1;
}

/* Lines: what is added between line_start() and line_end(). A line that doesn't fit is left out. */

static int kubetile_line;

static inline void line_byte(char byte) {
  if (kubetile_used < KUBETILE_PAYLOAD) kubetile_screen[kubetile_used] = byte;
  kubetile_used++;
}

/* Starts the lines. */
static inline void lines_start(void) {
  kubetile_used = 0;
  line_byte('[');
}

/* Starts a line. */
static inline void line_start(void) {
  kubetile_line = kubetile_used;
  if (kubetile_used > 1) line_byte(',');
  line_byte('"');
}

/* Ends the line. */
static inline void line_end(void) {
  line_byte('"');
  if (kubetile_used >= KUBETILE_PAYLOAD) kubetile_used = kubetile_line;
}

/* Adds a text to the line. */
static inline void line_text(const char *text) {
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') line_byte('\\');
    line_byte((unsigned char)*text < 32 ? ' ' : *text);
  }
}

/* Adds a number to the line. */
static inline void line_number(int value) {
  char digits[12];
  unsigned rest = value < 0 ? -(unsigned)value : (unsigned)value;
  int at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0) digits[--at] = '-';
  line_text(digits + at);
}

/* Adds a value to the line: a text without its quotes, and any other as it is. */
static inline void line_json(struct json value) {
  if (value.start == 0) return;
  int quoted = *value.start == '"';
  for (const char *at = value.start + quoted; at < value.end - quoted; at++) {
    if (!quoted && (*at == '"' || *at == '\\')) line_byte('\\');
    line_byte(*at);
  }
}

/* Shows the lines. */
static inline void lines_show(void) {
  line_byte(']');
  host_send_render(kubetile_screen, kubetile_used);
}

/* Returns the answer of an import that returned this length; the start is 0 if it failed or doesn't fit. */
static inline struct json kubetile_answered(int length) {
  if (length < 0 || length > KUBETILE_ANSWER) return (struct json){0, 0};
  return (struct json){kubetile_answer, kubetile_answer + length};
}

/* Shows why the last import failed. */
static inline void show_last_error(void) {
  int length = host_last_error(kubetile_payload, KUBETILE_PAYLOAD - 1);
  kubetile_payload[length < KUBETILE_PAYLOAD - 1 ? length : KUBETILE_PAYLOAD - 1] = 0;
  lines_start();
  line_start();
  line_text(kubetile_payload);
  line_end();
  lines_show();
}

/* Returns the pods of a request, such as {"namespace":""} for all: a list. It lives until the next request. */
#define kubetile_pods(request) \
  kubetile_answered(list_pods(request, sizeof(request) - 1, kubetile_answer, KUBETILE_ANSWER))

#endif
