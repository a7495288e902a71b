# Defines `attached FOLDER`: whether a client is attached to the shell in it. dtach then marks its socket as executable.
attached() {
  if [ -S "$1/dtach" ]; then [ -x "$1/dtach" ]
  else [ "$(tmux -S "$1/tmux" list-clients 2>/dev/null)" ]; fi
}
