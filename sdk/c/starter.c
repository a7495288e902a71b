/* A list whose cursor moves with the keys. */
#include "kubetile.h"

static const char *items[] = {"one", "two", "three"};
static const int count = sizeof items / sizeof *items;
static int cursor;

static int kubetile_command(struct json command) {
  struct json type = json_field(command, "type");
  if (json_is(type, "select_next") && cursor < count - 1) cursor++;
  if (json_is(type, "select_prev") && cursor > 0) cursor--;
  lines_start();
  for (int at = 0; at < count; at++) {
    line_start();
    line_text(at == cursor ? "> " : "  ");
    line_text(items[at]);
    line_end();
  }
  lines_show();
  return 0;
}
