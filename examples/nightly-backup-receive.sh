#!/bin/sh
# The other half of nightly-backup-send.sh: what has changed since last night goes into FOLDER.
#
#   usage: DROP=user@host nightly-backup-receive.sh FOLDER     (half an hour later, say)
set -eu
: "${DROP:?the machine that the code comes by, as user@host}"

# By standard input, the code is in no list of processes, not even for a moment.
ssh "$DROP" 'cat p2pshare-code && rm p2pshare-code' |
  p2pshare receive --quiet --yes --code-file /dev/stdin \
    --delta --on-conflict overwrite --out "$1" --timeout 10m
