#!/bin/sh
# Trains for a number of minutes on a machine that has no network, from pieces, into pieces:
#   MINUTES=20 PIECES=pieces OUT=out training/offline.sh --size 50m --batch 128 --length 1024
# PIECES holds the split train.u16, train.documents.npy, held.u16, held.documents.npy, tokenizer.json and packed.json, and,
# to go on with a run, the pieces of its checkpoint (all made with `python -m training.release.pieces split`).
# OUT gets the checkpoint in pieces of 16 MB, the log and the exported checkpoint folder.
set -eu
: "${MINUTES:?how many minutes to train}" "${PIECES:?folder of pieces}" "${OUT:?where the results go}"
WORK=${WORK:-$(mktemp -d)}
PYTHON=${PYTHON:-python3}
mkdir -p "$WORK/packed" "$WORK/tokenizer" "$WORK/run" "$OUT"
for index in "$PIECES"/*.pieces.json; do
  name=$(basename "$index" .pieces.json)
  case $name in
    tokenizer*.json | special_tokens_map.json) target=$WORK/tokenizer/$name ;;
    checkpoint-*.pt) target=$WORK/run/$name ;;
    *) target=$WORK/packed/$name ;;
  esac
  "$PYTHON" -m training.release.pieces join "$index" --out "$target"
done
"$PYTHON" -m training.run.train --run "$WORK/run" --data "$WORK/packed" --tokenizer "$WORK/tokenizer" \
  --minutes "$MINUTES" "$@"
cp "$WORK/run/log.jsonl" "$OUT/"
newest=$(ls "$WORK"/run/checkpoint-*.pt | tail -n 1)
"$PYTHON" -m training.release.pieces split "$newest" --out "$OUT" --megabytes 16
"$PYTHON" -m training.release.export --run "$newest" --tokenizer "$WORK/tokenizer" --out "$OUT/model"
