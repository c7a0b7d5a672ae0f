#!/bin/bash
# Each backend as curl and netcat see it: the same bytes apart from the date.
. "$(dirname "$0")/lib.sh"

head -c 1048576 /dev/urandom >"$work/file"
for name in $(backends); do
  serve "$name"
  url=http://127.0.0.1:$port/
  curl -si "$url" | sed 's/^date: .*GMT/date: -/' >"$work/answer.$name"
  cmp -s "$work/answer.$name" "$work/answer.epoll-oneshot" || fail "$name answers otherwise than epoll-oneshot"
  [ "$(curl -s -F file=@"$work/file" "$url")" = Hello ] || fail "$name: upload of a form"
  [ "$(curl -s --http1.0 "$url")" = Hello ] || fail "$name: HTTP/1.0"
  [ "$(curl -s "${url}bytes/1000000" | wc -c)" -eq 1000000 ] || fail "$name: /bytes"
  answer=$( (printf 'GET / HT'; sleep 0.1; printf 'TP/1.1\r\nho'; sleep 0.1; printf 'st: a\r\n\r\n') |
    timeout 5 nc -N 127.0.0.1 "$port" | tail -c 5)
  [ "$answer" = Hello ] || fail "$name: a request typed in parts: '$answer'"
  # A second thread, even an idle one, would make the model's system calls dearer.
  for _ in $(seq 40); do  # that of a connection may just be ending
    threads=$(find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l)
    [ "$threads" -eq 1 ] && break
    sleep 0.05
  done
  [ "$threads" -eq 1 ] || fail "$name: $threads threads"
  sleep 1.1
  before=$(date +%s)
  said=$(date -d "$(curl -si "$url" | tr -d '\r' | sed -n 's/^date: //p')" +%s)
  { [ "$said" -ge "$before" ] && [ "$said" -le "$(date +%s)" ]; } || fail "$name: the date is $said, not $before"
  stop
done
grep -q '^HTTP/1.1 200 OK' "$work/answer.epoll-oneshot" || fail "no answer at all"

# A server that still waits for a peer, listening no more, is ended by a second signal.
serve epoll-et
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET' >&3
kill -TERM "$server"
while (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
kill -TERM "$server"
wait "$server"
[ $? -eq 143 ] || fail "a second signal does not end the server at once"
exec 3>&-
