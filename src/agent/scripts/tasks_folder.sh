# Sets $root, the folder of the tasks.
[ "${HOME-}" ] || refuse noHome
root=$HOME/.kodama/tasks
