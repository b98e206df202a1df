#!/bin/sh
# One file to many machines at once, each by a direct path of its own where there is one.
#
#   usage: fan-out.sh FILE HOST...
set -eu
file=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/code"

p2pshare send --quiet --receivers "$#" --timeout 2m "$file" >"$work/code" &
sender=$!

if read -r code <"$work/code"; then
  for host; do
    printf '%s\n' "$code" |
      ssh "$host" p2pshare receive --quiet --yes --on-conflict rename --code-file /dev/stdin &
  done
fi
# 0 when all of them have it.
wait "$sender"
