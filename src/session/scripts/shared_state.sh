# Prints the state of the shared shell.
command -v tmux >/dev/null 2>&1 || {
  echo noTmux
  exit 0
}
if tmux -u -S "$HOME/.kodama-shared-shell" -f /dev/null has-session -t shared 2>/dev/null; then
  echo shared
else
  echo none
fi
