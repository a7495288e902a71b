# Prints the ids of the leader and of the watcher, or its own again if there is none; the command follows in a subshell.
echo "$kodama_marker$$ ${kodama_watcher:-$$}"
unset kodama_marker kodama_grace
