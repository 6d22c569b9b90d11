#!/bin/sh
# Checks, joins and unpacks the pieces beside it, then runs the engine's checks and benches on this machine's devices. Needs no
# network and installs nothing; ./run --help says what can be chosen.
#   PALIMPSEST_WORK=DIR   where the pieces are unpacked and models are made (default: work, beside the pieces)
set -eu
wanted_glibc=@GLIBC@
# Archives, each with the checksum of its list of pieces.
lists='@LISTS@'
here=$(cd "$(dirname "$0")" && pwd)
work=${PALIMPSEST_WORK:-$here/work}

die() {
  printf '%s\n' "$1" >&2
  exit 2
}

system="$(uname -s) $(uname -m)"
[ "$system" = 'Linux x86_64' ] || die "These pieces are for Linux on x86-64; this is $system."
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')
[ -n "$glibc" ] || die "These pieces need glibc $wanted_glibc or newer; this system has another C library."
older=$(printf '%s\n%s\n' "$wanted_glibc" "$glibc" | sort -t. -k1,1n -k2,2n | head -n 1)
[ "$older" = "$wanted_glibc" ] ||
  die "These pieces need glibc $wanted_glibc or newer; this system has $glibc. Use a newer Linux: Debian 10, Ubuntu 20.04, RHEL 8, or later."

sum_of() {
  sha256sum <"$1" | cut -d ' ' -f 1
}

check() {
  while read -r sum piece; do
    [ -f "$here/$piece" ] || die "The piece $piece is missing: copy it into $here."
    [ "$(sum_of "$here/$piece")" = "$sum" ] || die "The piece $piece is damaged: copy it again into $here."
  done <"$here/$1.sha256"
}

is_unpacked() {
  [ "$(cat "$work/$1.unpacked" 2>/dev/null)" = "$(cat "$here/$1.sha256")" ]
}

mkdir -p "$work" || die "The folder $work cannot be made: name another one in PALIMPSEST_WORK."
# All of it is looked at before any of it is unpacked.
names=
for entry in $lists; do
  name=${entry%%:*}
  list=$here/$name.sha256
  if [ ! -f "$list" ]; then
    # Optional pieces may be left behind, all of them.
    [ "$name" != palimpsest ] && ! ls "$here/$name".tar.gz.* >/dev/null 2>&1 && continue
    die "The list of pieces, $name.sha256, is missing: copy it into $here."
  fi
  [ "$(sum_of "$list")" = "${entry#*:}" ] ||
    die "The list of pieces, $name.sha256, is damaged or belongs to another run: copy it again into $here, with run and all pieces."
  # What was unpacked by an earlier call stays.
  ! is_unpacked "$name" || continue
  check "$name"
  names="$names $name"
done
for name in $names; do
  # What other pieces had and these have not must not be taken for theirs.
  if [ -f "$work/$name.files" ]; then
    while read -r file; do [ -d "$work/$file" ] || rm -f "$work/$file"; done <"$work/$name.files"
  fi
  rm -f "$work/$name.unpacked"
  # Those of the list: beside them may lie pieces of an earlier copy that had more.
  while read -r _ piece; do cat "$here/$piece"; done <"$here/$name.sha256" | tar -xzvf - -C "$work" >"$work/$name.files" ||
    die "The pieces of $name could not be unpacked into $work: is there room on the disk?"
  cp "$here/$name.sha256" "$work/$name.unpacked"
done

node=$work/bin/node
"$node" --version >"$work/node.txt" 2>&1 || die "Node does not start here: $(tail -n 1 "$work/node.txt")"

mkdir -p "$work/home" "$work/cache" "$work/tmp"
HOME=${HOME:-$work/home}
XDG_CACHE_HOME=$work/cache
TMPDIR=$work/tmp
export HOME XDG_CACHE_HOME TMPDIR
case " $* " in
*' --results '* | *' --results='*) ;;
*) set -- --results "$here/results" "$@" ;;
esac
results_from=$PWD
cd "$work"
RESULTS_FROM=$results_from exec "$node" "$work/dist/offline.js" "$@"
