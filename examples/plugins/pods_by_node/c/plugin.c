/* A pane that shows how many pods each node runs. It needs the permission k8s:list:pods.
 *
 *     clang --target=wasm32 -O2 -mbulk-memory -nostdlib -Wl,--no-entry -o plugin.wasm plugin.c
 */
#include "../../../../sdk/c/kubetile.h"

struct node {
  struct json name;
  int pods;
};

static struct node nodes[200];
static int known;

static void count(struct json name) {
  int at = 0;
  while (at < known && !json_same(nodes[at].name, name)) at++;
  if (at == 200) return;
  if (at == known) nodes[known++] = (struct node){name, 0};
  nodes[at].pods++;
}

static int kubetile_command(struct json command) {
  (void)command;
  struct json pods = kubetile_pods("{\"namespace\":\"\"}");
  if (pods.start == 0) {
    show_last_error();
    return 0;
  }
  known = 0;
  for (struct json pod = {0, 0}; (pod = json_next(pods, pod)).start != 0;) count(json_field(pod, "node"));
  lines_start();
  for (int at = 0; at < known; at++) {
    line_start();
    line_number(nodes[at].pods);
    line_text("  ");
    if (json_is(nodes[at].name, "")) line_text("(no node)");
    else line_json(nodes[at].name);
    line_end();
  }
  lines_show();
  return 0;
}
