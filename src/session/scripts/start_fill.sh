# FOLDER...: prepares, and removes what an earlier attempt has not.
for dir; do
  # Of earlier versions that were interrupted.
  if [ -d "$dir/.kodama-old" ]; then mv "$dir/.kodama-old" "$dir/${old:?}"; fi
  if [ -d "$dir/.kodama-replaced" ]; then mv "$dir/.kodama-replaced" "$dir/${replaced:?}"; fi
  rm -rf "$dir/.kodama-fill"
  if [ -d "$dir/${replaced:?}" ]; then
    each "$dir" rm others
    each "$dir/${replaced:?}" "$dir" all
  elif [ -d "$dir/${old:?}" ]; then
    each "$dir/${old:?}" "$dir" all
  fi
  rm -rf "$dir/${fill:?}" "$dir/${old:?}" "$dir/${replaced:?}" "$dir"/.kodama-*.new
done
