# WORKSPACE BRANCH COMMIT: records that the commit was pulled, for `unsaved.sh`.
set -eu
cd "$1"
git update-ref "refs/kodama/pulled/$2" "$3"
