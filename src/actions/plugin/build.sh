# Builds a plugin's project: LANGUAGE FOLDER OUTPUT. What the tools print is the output.
set -e
exec 2>&1
language=$1 output=$3
cd -- "$2"
case $language in
rust)
  # What remains is this build's, whatever the crate is named.
  rm -f target/wasm32-unknown-unknown/release/*.wasm
  cargo build --quiet --release --target wasm32-unknown-unknown --target-dir target
  cp -- target/wasm32-unknown-unknown/release/*.wasm "$output"
  ;;
assemblyscript)
  npx --yes --package assemblyscript@0.28.20 -- asc plugin.ts -o "$output" -O
  ;;
c)
  clang --target=wasm32 -O2 -mbulk-memory -nostdlib -Wl,--no-entry -Wall -o "$output" plugin.c
  ;;
esac
