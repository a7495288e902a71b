# FOLDER...: replaces the existing files by the new ones.
for dir; do [ -d "$dir/${fill:?}" ]; done
for dir; do
  mkdir "$dir/${old:?}"
  each "$dir" "$dir/${old:?}" others
  mv "$dir/${old:?}" "$dir/${replaced:?}"
  each "$dir/${fill:?}" "$dir" all
  rm -rf "$dir/${fill:?}" "$dir/${replaced:?}"
done
