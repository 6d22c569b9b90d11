#!/bin/sh
# Cuts everything that training/offline.sh needs into pieces of at most 60 MB:
#   training/offline-pieces.sh FOLDER            data and tokenizer
#   training/offline-pieces.sh FOLDER RUN        and the newest checkpoint of a run, to go on with it
#   BASE=FILE.gguf training/offline-pieces.sh FOLDER        and a base to begin with, and the package that reads it
# DATA and TOKENIZER name other folders than the usual ones.
set -eu
OUT=${1:?folder for the pieces}
PYTHON=${PYTHON:-python3}
CACHE=$("$PYTHON" -m training.data.cache)
DATA=${DATA:-$CACHE/packed}
TOKENIZER=${TOKENIZER:-$CACHE/tokenizer}
for name in train.u16 held.u16 train.documents.npy held.documents.npy; do
  "$PYTHON" -m training.release.pieces split "$DATA/$name" --out "$OUT" --compress
done
"$PYTHON" -m training.release.pieces split "$DATA/packed.json" --out "$OUT"
for name in tokenizer.json tokenizer_config.json special_tokens_map.json; do
  "$PYTHON" -m training.release.pieces split "$TOKENIZER/$name" --out "$OUT"
done
if [ $# -gt 1 ]; then
  "$PYTHON" -m training.release.pieces split "$(ls "$2"/checkpoint-*.pt | tail -n 1)" --out "$OUT"
fi
if [ -n "${BASE:-}" ]; then
  "$PYTHON" -m training.release.pieces split "$BASE" --out "$OUT"
  "$PYTHON" -m pip download -q --no-deps --dest "$OUT" "$(grep '^gguf==' "$(dirname "$0")/requirements.txt")"
fi
