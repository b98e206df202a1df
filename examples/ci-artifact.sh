#!/bin/sh
# Hands a large artifact from one CI job to another that runs at the same time, past the CI's storage.
# CODE_FILE is what the CI itself carries from the one to the other: a few bytes, and a secret.
#
#   usage: CODE_FILE=code.txt ci-artifact.sh send PATH
#          CODE_FILE=code.txt ci-artifact.sh receive FOLDER
set -eu
: "${CODE_FILE:?where the code is kept}"
# send.ndjson has the code as well.
umask 077

case $1 in
  send)
    exec p2pshare send --json --timeout 15m --code-file "$CODE_FILE" "$2" >send.ndjson
    ;;
  receive)
    # 6: nobody was reached, 7: the connection was lost. Both may be better in a minute, and what has
    # come does not travel again. Everything else would fail again.
    for attempt in 1 2 3; do
      status=0
      p2pshare receive --quiet --yes --out "$2" --code-file "$CODE_FILE" || status=$?
      case $status in 6 | 7) echo "attempt $attempt ended with $status" >&2 ;; *) exit "$status" ;; esac
    done
    exit "$status"
    ;;
esac
