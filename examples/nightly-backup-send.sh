#!/bin/sh
# Every night: FOLDER goes to the machine that runs nightly-backup-receive.sh, wherever the two are.
# Neither needs a port that is open to the internet. The code, and nothing else, goes by a third machine
# that both can log in to; whoever can read it there could take the place of the receiver.
#
#   usage: DROP=user@host nightly-backup-send.sh FOLDER        (from cron or a systemd timer)
set -eu
: "${DROP:?the machine that the code goes by, as user@host}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/code"

# Runs on in the background until the receiver has everything, or nobody has come for six hours.
p2pshare send --quiet --timeout 6h "$1" >"$work/code" &
sender=$!

# Without a code p2pshare has ended, and said why.
if read -r code <"$work/code"; then
  # Under its name only once it is whole: the receiver may look at any moment.
  printf '%s\n' "$code" |
    ssh "$DROP" 'umask 077 && cat >p2pshare-code.new && mv p2pshare-code.new p2pshare-code'
fi
wait "$sender"
